import type { JsonObject, JsonValue } from '../../core/index.ts';
import { isJsonObject, parseApiVersion } from '../../core/index.ts';
import type { PathStep } from '../../graph/index.ts';
import { isDefinition, isGraphObject } from '../../graph/index.ts';
import { builtinSource, valueAtSteps } from '../../schema/index.ts';
import type { InputObject } from './load-inputs.ts';
import type { NameText, Relation } from '../../graph/index.ts';
import { isConstantName, nameText, compareNameTexts } from '../../graph/index.ts';

/**
 * An object as the user wrote it: an object of the files, or a template of a definition or of a Graph with its
 * expressions.
 */
export interface WrittenObject {
  readonly input: InputObject;
  /**
   * The list of resources or nodes that has the object. Expressions of two lists are not comparable: a subgraph can
   * have an id of the graph around it.
   */
  readonly frame: object;
  /** The path from the file's object to this one; empty for the object itself. */
  readonly base: readonly PathStep[];
  readonly object: JsonObject;
  readonly group: string;
  readonly kind: string;
  readonly builtin: boolean;
  /** Is it an object of another client, which the definition or the Graph reads or patches? */
  readonly external: boolean;
  /** Returns `metadata.name` of a node's object, by the id of the node. */
  readonly nameOf: (id: string) => JsonValue | undefined;
}

/** The members of a resource or node that hold an object of another client. */
const EXTERNAL = ['externalRef', 'ref', 'patch'] as const;

/** The objects of the files. A definition or a Graph is replaced by the objects that it creates, reads or patches. */
export function manifestsOf(inputs: readonly InputObject[]): WrittenObject[] {
  return inputs.flatMap((input) => {
    if (isDefinition(input.object)) return manifestsOfList(input, ['spec', 'resources']);
    if (isGraphObject(input.object)) return manifestsOfList(input, ['spec', 'nodes']);
    const value = input.object as unknown as JsonObject;
    return manifest({ input, base: [], frame: input, external: false, nameOf: () => undefined }, value);
  });
}

/** The objects of a list of resources or nodes. A list of nodes comes before the lists of its subgraphs. */
function manifestsOfList(input: InputObject, list: readonly PathStep[]): WrittenObject[] {
  const found: WrittenObject[] = [];
  // A loop instead of recursion, because the author decides the depth of subgraphs.
  const open = [list];
  for (const path of open) {
    const entries = valueAtSteps(input.object as unknown as JsonObject, path);
    if (!Array.isArray(entries)) continue;
    const nameOf = (id: string): JsonValue | undefined => {
      const entry = entries.find((each) => isJsonObject(each) && each['id'] === id) ?? null;
      const names = ['template', ...EXTERNAL].map((part) => valueAtSteps(entry, [part, 'metadata', 'name']));
      return names.find((name) => name !== undefined);
    };
    for (const [index, entry] of entries.entries()) {
      for (const part of ['template', ...EXTERNAL]) {
        const object = valueAtSteps(entry, [part]);
        if (!isJsonObject(object)) continue;
        const place = { input, base: [...path, index, part], frame: entries, external: part !== 'template', nameOf };
        found.push(...manifest(place, object));
      }
      open.push([...path, index, 'graph', 'nodes']);
    }
  }
  return found;
}

function manifest(
  place: Pick<WrittenObject, 'input' | 'base' | 'frame' | 'external' | 'nameOf'>,
  object: JsonObject,
): WrittenObject[] {
  const { apiVersion, kind } = object;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return [];
  const type = { ...parseApiVersion(apiVersion), kind };
  const builtin = builtinSource().schemaOf(type) !== undefined;
  return [{ ...place, object, group: type.group, kind, builtin }];
}

/** The value at a path of an object; `undefined` when the path does not exist. */
export function at(object: WrittenObject['object'], ...path: readonly PathStep[]): JsonValue | undefined {
  return valueAtSteps(object, path);
}

/**
 * May an expression give the value at a path? True when a value on the path is an expression, or when a key of the last
 * object is one.
 */
export function isComputedAt({ object, base }: WrittenObject, ...path: readonly PathStep[]): boolean {
  // An object of the files that is not a template has no expressions.
  if (base.length === 0) return false;
  const hasExpression = (text: unknown): boolean => typeof text === 'string' && text.includes('${');
  for (let length = 1; length <= path.length; length += 1) {
    const value = valueAtSteps(object, path.slice(0, length));
    if (hasExpression(value)) return true;
    if (length === path.length && isJsonObject(value)) return Object.keys(value).some(hasExpression);
  }
  return false;
}

/** The entries of a list that are objects, each with its path. Empty when the path leads to no list. */
export function entriesAt(
  object: JsonObject,
  ...path: readonly PathStep[]
): readonly { readonly entry: JsonObject; readonly path: readonly PathStep[] }[] {
  const list = valueAtSteps(object, path);
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry, index) => (isJsonObject(entry) ? [{ entry, path: [...path, index] }] : []));
}

/** Compares values of two objects. Expressions of two frames are not comparable: their relation is `open`. */
export function compareFieldValues(
  a: WrittenObject,
  one: JsonValue | undefined,
  b: WrittenObject,
  other: JsonValue | undefined,
): Relation {
  return compareTexts(a, textIn(a, one), b, textIn(b, other));
}

/** Like `compareFieldValues`, for texts that are read already. */
export function compareTexts(
  a: WrittenObject,
  left: NameText | undefined,
  b: WrittenObject,
  right: NameText | undefined,
): Relation {
  if (left === undefined || right === undefined) return 'open';
  const constants = [left, right].filter(isConstantName).length;
  if (a.frame !== b.frame && constants === 0) return 'open';
  if (a.input !== b.input && constants < 2) return 'open';
  return compareNameTexts(left, right);
}

/** Can two objects be in one namespace? Only two different constant namespaces exclude it. */
export function mayShareNamespace(a: WrittenObject, b: WrittenObject): boolean {
  const [one = '', other = ''] = [a, b].map(({ object }) => at(object, 'metadata', 'namespace'));
  // An object without a namespace gets one when it is applied.
  return one === '' || other === '' || compareFieldValues(a, one, b, other) !== 'different';
}

/** The text of a value, with the names of the resources of its frame filled in. */
export function textIn({ nameOf }: WrittenObject, value: JsonValue | undefined): NameText | undefined {
  return nameText(value, nameOf);
}

const NESTED_POD: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

/**
 * The path to the pod template of a workload. Empty for a Pod itself. `undefined` for other kinds, and for external
 * objects.
 */
export function podPath({ kind, builtin, external }: WrittenObject): readonly string[] | undefined {
  return builtin && !external && Object.hasOwn(NESTED_POD, kind) ? NESTED_POD[kind] : undefined;
}

/** The containers of a pod with their paths in the object, including init containers. */
export function containerFields(
  object: JsonObject,
  pod: readonly string[],
): readonly { readonly entry: JsonObject; readonly path: readonly PathStep[] }[] {
  return ['containers', 'initContainers'].flatMap((list) => entriesAt(object, ...pod, 'spec', list));
}
