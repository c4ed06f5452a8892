import type { Entry } from '../ir/build.ts';
import * as ir from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { type Field, type StaticType, BOOL, DYN, mapOf, STRING } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace, decide } from '../trace/current-trace.ts';
import { keyEntries, mapOfMembers } from './key-order.ts';
import { resolveMerged } from './merge.ts';
import { classOf, isPlainObject } from './printed.ts';
import { hasTokens, labelOf, symbolic } from './proxy.ts';
import { type MergedPiece, Maybe, MERGED, Phi, SeenList, Splice, Sym } from './symbolic.ts';
import { needPresent, textNode } from './ops.ts';

/** The value as a CEL optional, which is `optional.none()` where JavaScript has `undefined`. */
export function optionalNode(value: Sym): Node {
  if (value.absence === undefined) return ir.optionalSome(value.node);
  if (value.absence.optional !== undefined) return value.absence.optional;
  return ir.cond(value.absence.has, ir.optionalSome(value.node), ir.optionalNone());
}

/**
 * A value as one expression. Lists and objects become literals, joined to other lists and maps where they have symbolic
 * spreads. Refuses a value without a CEL form.
 */
export function toNode(raw: unknown): Node {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Sym) return needPresent(inner, 'part of an expression').node;
  if (inner instanceof Phi) {
    const trace = activeTrace();
    return ir.cond(
      inner.test,
      trace.under(inner.test, () => toNode(inner.then)),
      trace.under(ir.not(inner.test), () => toNode(inner.otherwise)),
    );
  }
  if (value instanceof SeenList) return value.elements().node;
  switch (typeof value) {
    case 'string':
      return hasTokens(value) ? textNode(value) : ir.literal(value);
    case 'number':
      if (Number.isFinite(value)) return ir.literal(value);
      return refuse(
        'no-cel',
        `${String(value)} has no CEL form`,
        Number.isNaN(value)
          ? 'write a number'
          : `begin with a number that ${value > 0 ? 'no element exceeds' : 'exceeds no element'}, or test first whether the list is empty: list.length === 0`,
      );
    case 'boolean':
    case 'bigint':
      return ir.literal(value);
    case 'object':
      if (value === null) return ir.literal(null);
      activeTrace().countWritten();
      if (Array.isArray(value)) return listNode(value);
      if (isPlainObject(value)) return objectNode(value as Record<string, unknown>);
      return refuse('types', `a value of the class ${classOf(value)} is part of an expression`, 'pass plain data');
    case 'undefined':
      return refuse('absent', 'undefined is part of an expression', 'leave it out, or give it a default with ??');
    default:
      return refuse('no-cel', `a ${typeof value} has no CEL form`);
  }
}

/** A list with symbolic elements, or with elements that may be missing, as one expression. */
export function listNode(items: readonly unknown[]): Node {
  activeTrace().noteRead(items);
  return ir.concatLists(
    items.map((item) => {
      if (item instanceof Splice) return item.list;
      if (item instanceof Maybe) {
        return ir.cond(
          item.test,
          activeTrace().under(item.test, () => ir.list([toNode(item.value)])),
          ir.list([]),
        );
      }
      return ir.list([toNode(item)]);
    }),
  );
}

/** The entries of an object. A value that may be missing becomes an optional entry. */
export function objectEntries(value: Record<string, unknown>): Entry[] {
  activeTrace().noteRead(value);
  const entries: Entry[] = [];
  for (const [key, raw] of Object.entries(value)) {
    const entry = entryOf(ir.literal(key), raw);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

function entryOf(key: Node, raw: unknown): Entry | undefined {
  const item = resolveMerged(raw);
  if (item === undefined || typeof item === 'function') return undefined;
  const inner = symbolic(item);
  if (inner instanceof Sym && inner.absence !== undefined && !inner.absence.waits) {
    return { key, value: optionalNode(inner), optional: true };
  }
  const partial = inner instanceof Phi ? optionalPhi(inner) : undefined;
  return partial === undefined ? { key, value: toNode(item) } : { key, value: partial, optional: true };
}

/** A conditional with an `undefined` side as a CEL optional; `undefined` when both sides are present. */
export function optionalPhi(value: Phi): Node | undefined {
  const sides = [value.then, value.otherwise].map(resolveMerged);
  const partial = sides.some((side) => {
    const inner = symbolic(side);
    if (inner instanceof Phi) return optionalPhi(inner) !== undefined;
    return side === undefined || (inner instanceof Sym && inner.absence !== undefined && !inner.absence.waits);
  });
  if (!partial) return undefined;
  const trace = activeTrace();
  const one = (side: unknown): Node | undefined => {
    const found = resolveMerged(side);
    const inner = symbolic(found);
    if (found === undefined) return undefined;
    if (inner instanceof Sym) return optionalNode(inner);
    if (inner instanceof Phi) return optionalPhi(inner) ?? ir.optionalSome(toNode(found));
    return ir.optionalSome(toNode(found));
  };
  const a = trace.under(value.test, () => one(value.then));
  const b = trace.under(ir.not(value.test), () => one(value.otherwise));
  return ir.cond(value.test, a ?? ir.optionalNone(), b ?? ir.optionalNone());
}

/** The pieces of symbolic spreads and computed keys in an object; `undefined` for other objects. */
export function mergedPieces(value: object): readonly MergedPiece[] | undefined {
  return (value as { [MERGED]?: readonly MergedPiece[] })[MERGED];
}

/** An object with symbolic parts as one expression. */
export function objectNode(value: Record<string, unknown>): Node {
  const entries = objectEntries(value);
  const own = ir.object(entries, structType(entries));
  const pieces = mergedPieces(value);
  if (pieces === undefined) return own;
  return pieces.reduce((left, piece) => ir.mergeMaps(withoutUndefined(left, piece), pieceNode(piece)), own);
}

/**
 * The keys of a piece, or of an object that is given as `keys`, whose values may be `undefined` in JavaScript. Each has
 * the condition under which the key exists.
 */
export function undefinedKeys({ test, keys = {} }: MergedPiece): readonly { key: string; condition: Node }[] {
  return keyEntries(mapOfMembers(keys)).flatMap(({ key, test: own }) => {
    const presentWhen = decide(ir.and(test ?? ir.TRUE(), own));
    if (presentWhen === false) return [];
    const condition = presentWhen === true ? ir.TRUE() : presentWhen;
    return activeTrace().under(condition, () => mayBeUndefined(keys[key])) ? [{ key, condition }] : [];
  });
}

/** The members before a piece, without the members that the piece overrides by `undefined`. */
function withoutUndefined(left: Node, piece: MergedPiece): Node {
  if (left.kind === 'object' && left.args.length === 0) return left;
  const gone = undefinedKeys(piece);
  if (gone.length === 0) return left;
  const value = left.type.kind === 'map' ? left.type.value : DYN;
  const [k, v] = [ir.macroVariable('k'), ir.macroVariable('v')];
  const keep = gone.map(({ key, condition }) =>
    ir.not(ir.and(ir.eq(ir.variable(k, STRING), ir.literal(key)), condition)),
  );
  return ir.macro('transformMap', left, [k, v], [keep.reduce(ir.and), ir.variable(v, value)], mapOf(value));
}

/**
 * A map with the same keys as an object with symbolic parts, including the keys whose value is `undefined`. Only the
 * keys of the map are meaningful.
 */
export function keysNode(value: Record<string, unknown>): Node {
  const pieces = mergedPieces(value) ?? [];
  if ([{ keys: value }, ...pieces].every((piece) => undefinedKeys(piece).length === 0)) return objectNode(value);
  const [k, v] = [ir.macroVariable('k'), ir.macroVariable('v')];
  const presentKeys = ({ node }: Sym) => ir.macro('transformMap', node, [k, v], [ir.literal(true)], mapOf(BOOL));
  return pieces.reduce((left, { test, map, keys }) => {
    const node =
      map === undefined ? ownKeysNode(keys ?? {}) : mapNodeOf(new Sym(presentKeys(map), { absence: map.absence }));
    return ir.mergeMaps(left, test === undefined ? node : ir.cond(test, node, ir.object([])));
  }, ownKeysNode(value));
}

function ownKeysNode(value: Record<string, unknown>): Node {
  const entries = keyEntries(mapOfMembers(value)).map(({ key, test }): Entry => {
    const presentWhen = decide(test);
    const present = ir.optionalSome(ir.literal(true));
    if (typeof presentWhen === 'boolean') return { key: ir.literal(key), value: ir.literal(true) };
    return { key: ir.literal(key), value: ir.cond(presentWhen, present, ir.optionalNone()), optional: true };
  });
  return ir.object(entries);
}

/** May the value be `undefined` in JavaScript? */
export function mayBeUndefined(raw: unknown): boolean {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Phi) return mayBeUndefined(inner.then) || mayBeUndefined(inner.otherwise);
  if (inner instanceof Sym) return inner.absence !== undefined && !inner.absence.waits;
  return value === undefined;
}

function pieceNode(piece: MergedPiece): Node {
  const map = piece.map;
  const node = map === undefined ? objectNode(piece.keys ?? {}) : mapNodeOf(map);
  return piece.test === undefined ? node : ir.cond(piece.test, node, ir.object([]));
}

/** A map for a spread; a missing map counts as empty. */
function mapNodeOf(map: Sym): Node {
  if (map.absence === undefined || map.absence.waits) return map.node;
  return ir.cond(map.absence.has, map.node, ir.object([]));
}

function structType(entries: readonly Entry[]): StaticType | undefined {
  if (entries.length === 0) return undefined;
  const fields = new Map<string, Field>();
  for (const entry of entries) {
    if (entry.key.kind !== 'lit') return undefined;
    const { type } = entry.value;
    const of = entry.optional === true && type.kind === 'optional' ? type.of : type;
    fields.set(String(entry.key.value), { type: of, required: entry.optional !== true });
  }
  return { kind: 'object', field: (name) => fields.get(name), names: () => [...fields.keys()], open: false };
}

/**
 * If the schema of a list in an object of the cluster declares a set or keys, CEL's `+` merges the list. Such a list is
 * copied here, because `+` joins the copy as JavaScript does. Other lists are returned as they are.
 */
export function plainList(node: Node): Node {
  if (node.type.kind !== 'list' || node.type.merges !== true) return node;
  const item = ir.macroVariable('x');
  return ir.macro('map', node, [item], [ir.variable(item, node.type.element)], {
    kind: 'list',
    element: node.type.element,
  });
}

/** Is the value a list on all sides of its conditions? */
export function isListValue(raw: unknown): boolean {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Phi) return isListValue(inner.then) && isListValue(inner.otherwise);
  return Array.isArray(value) || value instanceof SeenList || (inner instanceof Sym && inner.type.kind === 'list');
}

/** The expression of a list value. */
export function listSym(raw: unknown): Sym {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Sym && inner.type.kind === 'list') return needPresent(inner, 'used as a list');
  if (Array.isArray(value) && inner === undefined) return symOfItems(value as unknown[]);
  if (inner instanceof Phi) return new Sym(toNode(value));
  return refuse('types', `${inner === undefined ? String(value) : labelOf(inner)} is not a list`);
}

/** A concrete list with symbolic parts as one list value. */
export function symOfItems(items: readonly unknown[]): Sym {
  const waits = items.some((item) => (item instanceof Splice ? item.waits : isResource(item)));
  return new Sym(listNode(items), { waits });
}

/**
 * Is the element a resource, possibly under a condition? The graph waits for a field that is read from such an element.
 */
function isResource(item: unknown): boolean {
  const inner = symbolic(resolveMerged(item instanceof Maybe ? item.value : item));
  return inner instanceof Sym && inner.resource !== undefined;
}

/** A new list with the elements of an expression. The program may change the list. */
export function freshList(node: Node, waits: boolean): unknown {
  return activeTrace().track([new Splice(node, waits)]);
}
