import { type JsonObject, type JsonValue, isJsonObject, setOwn, tryParseJson } from '@typekro/kit/core';

/**
 * A set of field paths as a tree. Steps have the notation of `fieldsV1`: `f:NAME` is a member, `k:{…}` is a list
 * element by its keys, `v:…` is an element of a set, and `i:N` is an element by its index. `owned` is true when the
 * path to this node belongs to the set. Trees are immutable.
 */
export class FieldTree {
  readonly owned: boolean;
  readonly children: ReadonlyMap<string, FieldTree>;

  constructor(owned: boolean, children: ReadonlyMap<string, FieldTree> = NONE) {
    this.owned = owned;
    this.children = children;
  }

  get empty(): boolean {
    return !this.owned && this.children.size === 0;
  }
}

const NONE: ReadonlyMap<string, FieldTree> = new Map();

/** The empty set. */
export const emptyTree = new FieldTree(false);

/** The set that contains only the empty path. */
export const leafTree = new FieldTree(true);

/**
 * Returns `tree` with this value of `owned` and with the changed children, without those that are empty now. Returns
 * `tree` itself when nothing changed, so that data cached for `tree` stays valid.
 */
function rebuilt(tree: FieldTree, owned: boolean, changes: ReadonlyMap<string, FieldTree> | undefined): FieldTree {
  if (changes === undefined) return owned === tree.owned ? tree : new FieldTree(owned, tree.children);
  const children = new Map(tree.children);
  for (const [step, child] of changes) {
    if (child.empty) children.delete(step);
    else children.set(step, child);
  }
  return new FieldTree(owned, children);
}

/**
 * Merges the children of `b` into the children of `a` with `merge`. Returns only the children that differ from the
 * children of `a`; `undefined` when all are equal.
 */
function changesOf(
  a: FieldTree,
  b: FieldTree,
  merge: (left: FieldTree, right: FieldTree) => FieldTree,
): Map<string, FieldTree> | undefined {
  let changes: Map<string, FieldTree> | undefined;
  for (const [step, right] of b.children) {
    const left = a.children.get(step);
    const merged = merge(left ?? emptyTree, right);
    if (merged === (left ?? emptyTree)) continue;
    changes ??= new Map();
    changes.set(step, merged);
  }
  return changes;
}

/** The paths that are in `a` or `b`. */
export function unionOfTrees(a: FieldTree, b: FieldTree): FieldTree {
  if (a.empty) return b;
  if (b.empty || a === b) return a;
  return rebuilt(a, a.owned || b.owned, changesOf(a, b, unionOfTrees));
}

/** The paths of `a` that are not in `b`. */
export function difference(a: FieldTree, b: FieldTree): FieldTree {
  if (b.empty || a.empty) return a;
  if (a === b) return emptyTree;
  return rebuilt(a, a.owned && !b.owned, changesOf(a, b, difference));
}

/** The paths of `a` that are not in `b` and have no prefix in `b`. */
export function differenceBelow(a: FieldTree, b: FieldTree): FieldTree {
  if (b.empty || a.empty) return a;
  if (b.owned) return emptyTree;
  return rebuilt(a, a.owned, changesOf(a, b, differenceBelow));
}

/** The paths that are in both sets. */
export function intersection(a: FieldTree, b: FieldTree): FieldTree {
  if (a.empty || b.empty) return emptyTree;
  if (a === b) return a;
  const children = new Map<string, FieldTree>();
  for (const [step, right] of b.children) {
    const left = a.children.get(step);
    const both = left === undefined ? emptyTree : intersection(left, right);
    if (!both.empty) children.set(step, both);
  }
  const owned = a.owned && b.owned;
  return owned || children.size > 0 ? new FieldTree(owned, children) : emptyTree;
}

/** Do both sets have the same paths? */
export function sameTree(a: FieldTree, b: FieldTree): boolean {
  if (a === b) return true;
  if (a.owned !== b.owned || a.children.size !== b.children.size) return false;
  for (const [step, child] of a.children) {
    const other = b.children.get(step);
    if (other === undefined || !sameTree(child, other)) return false;
  }
  return true;
}

/** The rank of a step: names precede keys, keys precede values, and values precede indices. */
const rank = (step: string) => 'fkvi'.indexOf(step.charAt(0));
const byStep = (a: string, b: string) => rank(a) - rank(b) || (a < b ? -1 : 1);

/**
 * Yields every path of the set as a list of steps. At each level, the paths that end at this level precede longer
 * paths.
 */
export function* pathsOf(tree: FieldTree, prefix: readonly string[] = []): Generator<readonly string[]> {
  const steps = [...tree.children.keys()].sort(byStep);
  for (const step of steps) if (tree.children.get(step)?.owned === true) yield [...prefix, step];
  for (const step of steps) yield* pathsOf(tree.children.get(step) ?? emptyTree, [...prefix, step]);
}

/** Makes a set from paths that are lists of member names. */
export function treeOfMembers(paths: readonly (readonly string[])[]): FieldTree {
  let tree = emptyTree;
  for (const path of paths) {
    let branch = leafTree;
    for (const name of path.toReversed()) branch = new FieldTree(false, new Map([[`f:${name}`, branch]]));
    tree = unionOfTrees(tree, branch);
  }
  return tree;
}

/** The set that contains only the empty path, shared because an object can have a hundred thousand of them. */
const LEAF_V1: JsonObject = Object.freeze({});

/** Converts a set to the format of `managedFields[].fieldsV1`, as members of `out`. */
export function toFieldsV1(tree: FieldTree, out: JsonObject = {}): JsonObject {
  for (const step of [...tree.children.keys()].sort()) {
    const child = tree.children.get(step) ?? emptyTree;
    const value = child.children.size === 0 ? LEAF_V1 : toFieldsV1(child, child.owned ? { '.': LEAF_V1 } : {});
    setOwn(out, step, value);
  }
  return out;
}

/** Is the text a step of `fieldsV1`, so that what follows its kind is a key, a value or an index? */
function isStep(step: string): boolean {
  const [kind, rest] = [step.slice(0, 2), step.slice(2)];
  if (kind === 'i:') return /^[-+]?\d+$/.test(rest);
  if (kind === 'v:') return tryParseJson(rest) !== undefined;
  return kind === 'f:' || (kind === 'k:' && isJsonObject(tryParseJson(rest)));
}

/** Parses `fieldsV1`. Returns `undefined` when it is malformed. */
export function fromFieldsV1(value: JsonValue | undefined, depth = 0): FieldTree | undefined {
  if (!isJsonObject(value) || depth > 200) return undefined;
  const children = new Map<string, FieldTree>();
  let self = false;
  for (const [step, entry] of Object.entries(value)) {
    if (step === '.') {
      self = true;
      continue;
    }
    if (!isStep(step)) return undefined;
    const child = fromFieldsV1(entry, depth + 1);
    if (child === undefined) return undefined;
    const leaf = isJsonObject(entry) && Object.keys(entry).length === 0;
    children.set(step, leaf ? leafTree : child);
  }
  return new FieldTree(self, children);
}

/** Formats a path as conflict messages show it: `.spec.items[name="a"].value`. */
export function formatFieldPath(path: readonly string[]): string {
  let text = '';
  for (const step of path) {
    const rest = step.slice(2);
    if (step.startsWith('f:')) text += `.${rest}`;
    else if (step.startsWith('i:')) text += `[${rest}]`;
    else if (step.startsWith('v:')) text += `[=${rest}]`;
    else {
      const keys = JSON.parse(rest) as Record<string, JsonValue>;
      text += `[${Object.keys(keys)
        .sort()
        .map((key) => `${key}=${JSON.stringify(keys[key])}`)
        .join(',')}]`;
    }
  }
  return text;
}
