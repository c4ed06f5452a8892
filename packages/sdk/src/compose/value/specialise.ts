import { and, concatLists, concat, cond, eq, list, not, or } from '../ir/build.ts';
import { setOwn, firstDefined, getOrInsert } from '@typekro/kit/core';
import { type Node, type Variable, isLiteral, makeNode, walk, withArgs } from '../ir/node.ts';
import type { Facts } from '../trace/facts.ts';
import { textNode, textValue } from './ops.ts';
import { type KeyEntry, KEYS } from './key-order.ts';
import { copyKeys } from './set-member.ts';
import { hasTokens, symbolic, wrap } from './proxy.ts';
import { type MergedPiece, Maybe, MERGED, Phi, SeenList, Splice, Sym } from './symbolic.ts';

/** Marks an element that is known to be missing. */
const NOTHING = Symbol('nothing');

/** The expression simplified by the facts, with variables replaced. */
export function specialiseNode(root: Node, facts: Facts, replace: ReadonlyMap<Variable, Variable>): Node {
  const done = new Map<Node, Node>();
  const visit = (node: Node): Node => {
    return getOrInsert(done, node, () => rebuilt(node, visit, facts, replace));
  };
  return visit(root);
}

function rebuilt(
  node: Node,
  visit: (node: Node) => Node,
  facts: Facts,
  replace: ReadonlyMap<Variable, Variable>,
): Node {
  if (node.kind === 'lit') return node;
  if (node.kind === 'var') {
    const by = replace.get(node.variable);
    return by === undefined ? node : makeNode({ kind: 'var', args: [], variable: by, type: node.type });
  }
  if (node.kind === 'cond') {
    // The value of a conditional may be known although its test is not, as in `enabled ?? on`.
    const whole = facts.resolve(node);
    if (whole.kind === 'lit') return whole;
    const [test, a, b] = node.args;
    const known = facts.simplify(visit(test));
    if (known.kind === 'lit') return visit(known.value === true ? a : b);
    return facts.resolve(cond(known, visit(a), visit(b)));
  }
  switch (node.kind) {
    case 'and':
      return facts.simplify(and(visit(node.args[0]), visit(node.args[1])));
    case 'or':
      return facts.simplify(or(visit(node.args[0]), visit(node.args[1])));
    case 'not':
      return facts.simplify(not(visit(node.args[0])));
    case 'orvalue': {
      const [optional, fallback] = [visit(node.args[0]), visit(node.args[1])];
      const some = optional.kind === 'call' && optional.name === 'optional.of' ? optional.args[0] : undefined;
      if (some !== undefined) return some;
      if (optional.kind === 'call' && optional.name === 'optional.none') return fallback;
      break;
    }
    default:
  }
  const args = node.args.map(visit);
  if (args.every((arg, position) => arg === node.args[position])) return facts.resolve(node);
  switch (node.kind) {
    case 'eq':
      return facts.resolve(eq(visit(node.args[0]), visit(node.args[1])));
    case 'append':
      return concatLists(args);
    case 'concat':
      return concat(args);
    case 'list':
      return list(args);
    default:
      return facts.resolve(withArgs(node, args));
  }
}

/**
 * A value of a manifest with `change` applied to its expressions, simplified where the changed conditions are known.
 */
export function specialiseValue(raw: unknown, change: (node: Node) => Node): unknown {
  const result = specialised(raw, change);
  return result === NOTHING ? undefined : result;
}

function specialised(value: unknown, change: (node: Node) => Node): unknown {
  if (typeof value === 'string') return hasTokens(value) ? textValue(change(textNode(value))) : value;
  const inner = symbolic(value);
  if (inner instanceof Sym) return specialisedSym(inner, value, change);
  if (inner instanceof Phi) {
    const test = change(inner.test);
    if (test.kind === 'lit') return specialised(test.value === true ? inner.then : inner.otherwise, change);
    const [then, otherwise] = [specialised(inner.then, change), specialised(inner.otherwise, change)];
    return wrap(new Phi(test, then, otherwise));
  }
  if (value instanceof Maybe) {
    const test = change(value.test);
    if (isLiteral(test, false)) return NOTHING;
    const item = specialised(value.value, change);
    return isLiteral(test, true) ? item : new Maybe(test, item);
  }
  if (value instanceof Splice) {
    const elements = change(value.list);
    return elements.kind === 'list' && elements.args.length === 0 ? NOTHING : new Splice(elements, value.waits);
  }
  if (value instanceof SeenList) return specialised(wrap(value.elements()), change);
  if (Array.isArray(value)) return value.map((item) => specialised(item, change)).filter((item) => item !== NOTHING);
  if (typeof value !== 'object' || value === null) return value;
  const result: Record<PropertyKey, unknown> = {};
  for (const key of Reflect.ownKeys(value)) {
    if (key === KEYS) continue;
    const item = (value as Record<PropertyKey, unknown>)[key];
    setOwn(result, key, key === MERGED ? pieces(item as readonly MergedPiece[], change) : specialised(item, change));
  }
  copyKeys(value, result, change);
  return result;
}

function specialisedSym(inner: Sym, value: unknown, change: (node: Node) => Node): unknown {
  if (inner.resource !== undefined) return value;
  const { absence, waits, label } = inner;
  if (absence === undefined) return wrap(new Sym(change(inner.node), { waits, label }));
  const has = change(absence.has);
  const tested = absence.tested && change(absence.tested);
  if (isLiteral(has, true)) {
    const waiting =
      tested === undefined || isLiteral(tested, true) ? undefined : { has: tested, plain: true, waits: true };
    return wrap(new Sym(change(inner.node), { absence: waiting, waits, label }));
  }
  if (isLiteral(has, false) && absence.missing !== 'either') return absence.missing === 'null' ? null : undefined;
  const { optional, chain, ...rest } = absence;
  const changed = {
    ...rest,
    has,
    ...(tested && { tested }),
    ...(optional && { optional: change(optional) }),
    ...(chain && { chain: change(chain) }),
  };
  return wrap(new Sym(change(inner.node), { absence: changed, waits, label }));
}

function pieces(all: readonly MergedPiece[], change: (node: Node) => Node): MergedPiece[] {
  return all.flatMap((piece) => {
    const test = piece.test === undefined ? undefined : change(piece.test);
    if (test !== undefined && isLiteral(test, false)) return [];
    const map = piece.map && symbolic(specialised(wrap(piece.map), change));
    // A spread of a map that is known to be missing adds no keys.
    if (piece.map !== undefined && !(map instanceof Sym)) return [];
    return [
      {
        ...(test !== undefined && !isLiteral(test, true) && { test }),
        ...(map instanceof Sym && { map }),
        ...(piece.keys && { keys: specialised(piece.keys, change) as Record<string, unknown> }),
      },
    ];
  });
}

/** Visits every expression of a value that is written into the graph. */
export function visitWrittenNodes(value: unknown, visit: (node: Node) => void): void {
  if (typeof value === 'string') {
    if (hasTokens(value)) visit(textNode(value));
    return;
  }
  const inner = symbolic(value);
  if (inner instanceof Sym) {
    visit(inner.node);
    const { absence } = inner;
    if (absence === undefined || absence.waits) return;
    visit(absence.has);
    if (absence.optional !== undefined) visit(absence.optional);
  } else if (inner instanceof Phi) {
    visit(inner.test);
    visitWrittenNodes(inner.then, visit);
    visitWrittenNodes(inner.otherwise, visit);
  } else if (value instanceof Maybe) {
    visit(value.test);
    visitWrittenNodes(value.value, visit);
  } else if (value instanceof Splice) visit(value.list);
  else if (value instanceof SeenList) visit(value.elements().node);
  else if (Array.isArray(value)) for (const item of value) visitWrittenNodes(item, visit);
  else if (typeof value === 'object' && value !== null) {
    for (const key of Reflect.ownKeys(value)) {
      const item = (value as Record<PropertyKey, unknown>)[key];
      if (key === MERGED) for (const piece of item as readonly MergedPiece[]) visitPiece(piece, visit);
      else if (key === KEYS) for (const { test } of item as readonly KeyEntry[]) visit(test);
      else visitWrittenNodes(item, visit);
    }
  }
}

function visitPiece(piece: MergedPiece, visit: (node: Node) => void): void {
  if (piece.test !== undefined) visit(piece.test);
  if (piece.map !== undefined) visitWrittenNodes(wrap(piece.map), visit);
  if (piece.keys !== undefined) visitWrittenNodes(piece.keys, visit);
}

/** Are two values equal? Expressions are compared by node, because equal expressions are one node. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== typeof b || a === null || b === null) return false;
  const [left, right] = [symbolic(a), symbolic(b)];
  if (left instanceof Sym && right instanceof Sym)
    return left.node === right.node && left.absence?.has === right.absence?.has;
  if (left instanceof Phi && right instanceof Phi)
    return left.test === right.test && sameValue(left.then, right.then) && sameValue(left.otherwise, right.otherwise);
  if (left !== undefined || right !== undefined || typeof a !== 'object' || typeof b !== 'object') return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Reflect.ownKeys(a);
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b) || keys.length !== Reflect.ownKeys(b).length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(b, key) &&
      sameValue((a as Record<PropertyKey, unknown>)[key], (b as Record<PropertyKey, unknown>)[key]),
  );
}

/**
 * Finds a condition that decides whether the value contains a part for which `reads` is true. `reads` is false for the
 * condition itself. Returns undefined when there is no such condition.
 */
export function openTest(value: unknown, reads: (node: Node) => boolean): Node | undefined {
  const inner = symbolic(value);
  const either = (test: Node, ...sides: readonly unknown[]): Node | undefined => {
    if (!reads(test) && sides.some((side) => readsAny(side, reads))) return test;
    return firstDefined([wrap(new Sym(test)), ...sides], (part) => openTest(part, reads));
  };
  if (inner instanceof Sym) {
    const { absence, node } = inner;
    const guard = absence === undefined || absence.waits ? undefined : absence.has;
    if (guard !== undefined && !reads(guard) && reads(node)) return guard;
    return openTestOf(node, reads) ?? (guard && openTestOf(guard, reads));
  }
  if (inner instanceof Phi) return either(inner.test, inner.then, inner.otherwise);
  if (value instanceof Maybe) return either(value.test, value.value);
  if (value instanceof Splice) return openTestOf(value.list, reads);
  if (typeof value !== 'object' || value === null) return undefined;
  return firstDefined(Reflect.ownKeys(value), (key) => {
    const item = (value as Record<PropertyKey, unknown>)[key];
    return key === MERGED
      ? firstDefined(item as readonly MergedPiece[], ({ test, map, keys }) =>
          test === undefined ? openTest([map && wrap(map), keys], reads) : either(test, map && wrap(map), keys),
        )
      : openTest(item, reads);
  });
}

function readsAny(value: unknown, reads: (node: Node) => boolean): boolean {
  let found = false;
  visitWrittenNodes(value, (node) => {
    if (!found && reads(node)) found = true;
  });
  return found;
}

function openTestOf(root: Node, reads: (node: Node) => boolean): Node | undefined {
  let found: Node | undefined;
  walk(root, (node) => {
    if (found !== undefined || (node.kind !== 'cond' && node.kind !== 'and' && node.kind !== 'or')) return;
    const [test, ...sides] = node.args;
    if (!reads(test) && sides.some(reads) && !bindsAny(root, test)) found = test;
  });
  return found;
}

/** Does a condition depend on a variable that a macro of the expression binds? */
function bindsAny(root: Node, test: Node): boolean {
  const bound = new Set<Variable>();
  walk(root, (node) => {
    if (node.kind === 'macro') for (const each of node.vars) bound.add(each);
  });
  let found = false;
  walk(test, (node) => {
    if (node.kind === 'var' && bound.has(node.variable)) found = true;
  });
  return found;
}
