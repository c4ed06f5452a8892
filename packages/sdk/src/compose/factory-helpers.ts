import { macro, macroVariable, not, variable } from './ir/build.ts';
import { setOwn, stringifyJson } from '@typekro/kit/core';
import type { Node } from './ir/node.ts';
import { DYN, mapOf } from './ir/types.ts';
import { opaque } from './value/native-functions.ts';
import { arrayMethod } from './library/arrays.ts';
import { callMethod } from './library/methods.ts';
import { getMember } from './library/member.ts';
import { asFound, mergeSpread } from './library/objects.ts';
import { spreadItems } from './library/spread.ts';
import { refuse } from './refusal/refusal.ts';
import { activeTrace, interpreter } from './trace/current-trace.ts';
import { choose } from './interp/branches.ts';
import { distribute, phi, resolveMerged } from './value/merge.ts';
import { equals, textOrNode, textValue, truthy } from './value/ops.ts';
import { isListValue, mergedPieces, toNode } from './value/value-nodes.ts';
import { symbolic, wrap } from './value/proxy.ts';
import { type MergedPiece, Maybe, MERGED, Phi, Sym } from './value/symbolic.ts';

/** Helpers for factories: ordinary operations that also work on symbolic values. */

/** `String(value)`; `undefined` for `undefined` and `null`. */
export function textArgument(value: unknown): string | undefined {
  return present(value, textOf) as string | undefined;
}

function textOf(sure: unknown): unknown {
  const text = textOrNode(sure);
  if (typeof text === 'string') return text;
  const inner = symbolic(sure);
  const asItIs = inner instanceof Sym && inner.node === text && inner.absence === undefined && !inner.waits;
  if (asItIs) activeTrace().originate(text);
  return asItIs ? sure : textValue(text);
}

/**
 * Calls `then` with the value where it is present, and `otherwise` where it is `null` or `undefined`. Both sides of a
 * conditional value are treated separately, so that `then` never gets a conditional value. Factories use this function
 * for all decisions about their arguments, because their code runs natively and cannot branch on symbolic values.
 */
export function ifPresent(value: unknown, then: (value: unknown) => unknown, otherwise: () => unknown): unknown {
  if (isScalar(value)) return value === undefined || value === null ? otherwise() : then(value);
  const found = resolveMerged(value);
  if (symbolic(found) instanceof Phi) {
    return distribute(symbolic(found) as Phi, (side) => ifPresent(side, then, otherwise));
  }
  if (isThere(found)) return then(found);
  if (isWaiting(found)) return then(value);
  return choose(isMissing(value), otherwise, () => then(resolveMerged(value)));
}

/** Applies `work` where the value is present. Where the value is absent, the result is `undefined`. */
export function present(value: unknown, work: (value: unknown) => unknown): unknown {
  return ifPresent(value, work, nothing);
}

const nothing = (): undefined => undefined;

/**
 * The condition that a value is missing; a boolean when it is known. The graph waits for the fields that the composition
 * itself does not test.
 */
const isMissing = (value: unknown): boolean | Node => truthy(equals(untested(value), undefined, true));

function untested(raw: unknown): unknown {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Phi) return phi(inner.test, untested(inner.then), untested(inner.otherwise));
  if (inner?.absence?.tested === undefined) return value;
  const { tested: _, ...absence } = inner.absence;
  return wrap(new Sym(inner.node, { absence, label: inner.label }));
}

/** Is the value a native scalar, whose presence is known? */
function isScalar(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && typeof value !== 'function');
}

/** Is the (resolved) value certainly present? */
function isThere(found: unknown): boolean {
  const inner = symbolic(found);
  if (inner === undefined) return found !== undefined && found !== null;
  return inner instanceof Sym && inner.absence === undefined;
}

/**
 * Is the value a plain read of a resource? The graph waits for such a value, and the composition does not test its
 * presence.
 */
function isWaiting(found: unknown): boolean {
  const inner = symbolic(found);
  return inner instanceof Sym && inner.absence?.waits === true;
}

/** `value ?? fallback`. */
export function withDefault<T>(value: T | undefined, fallback: T): T {
  return ifPresent(value, same, () => fallback) as T;
}

const same = (value: unknown): unknown => value;

/** `value?.[name]`, for objects that may be conditional, or come from the spec or a resource. */
export function memberOf(value: unknown, name: string): unknown {
  return present(value, (sure) => {
    const { type } = (symbolic(sure) as Sym | undefined) ?? {};
    if (type?.kind === 'object' && !type.open && type.field(name) === undefined) return undefined;
    return asFound(getMember(sure, name));
  });
}

/** `[...first, ...second]`; where `second` is absent, it adds nothing. */
export function joinLists(first: readonly unknown[], second: unknown): unknown {
  return ifPresent(
    second,
    (list) => activeTrace().track([...first, ...spreadItems(list)]),
    () => first,
  );
}

/** Is the (present) value a list, native or symbolic? */
export function isListArgument(value: unknown): boolean {
  return isListValue(value);
}

/** Is the (present) value an object or a map, native or symbolic? */
export function isObjectArgument(value: unknown): boolean {
  const found = resolveMerged(value);
  const inner = symbolic(found);
  if (inner instanceof Sym) return inner.type.kind === 'object' || inner.type.kind === 'map';
  return inner === undefined && typeof found === 'object' && found !== null && !isListValue(found);
}

/** Refuses a single value in place of the list that a factory takes. */
function refuseNoList(value: unknown): never {
  const isPlain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  const shown = isPlain ? stringifyJson(value) : undefined;
  return refuse(
    'argument',
    `${shown ?? 'an object'} is passed where the factory takes a list`,
    `put it into brackets: [${shown ?? '…'}]`,
  );
}

/** Maps the items of a list. The list may be native, come from the spec, or have conditional elements. */
export function mapList<T, U>(list: readonly T[] | undefined, each: (item: T) => U): U[] | undefined {
  return present(list, (value) => {
    const fn = opaque(each as (item: never) => unknown);
    if (symbolic(value) === undefined && !isListValue(value)) refuseNoList(value);
    if (!Array.isArray(value) || symbolic(value) !== undefined) return callMethod(value, 'map', [fn]);
    return (
      arrayMethod(value as unknown[], 'map', [fn])?.value ??
      activeTrace().track((value as T[]).map((item) => each(item)))
    );
  }) as U[] | undefined;
}

/**
 * The results of `each` for the entries of an object or map, as a list in the order of the entries. An entry without a
 * value is left out.
 */
export function mapEntries<U>(
  object: Readonly<Record<string, unknown>> | undefined,
  each: (key: string, value: unknown) => U,
): U[] | undefined {
  return present(object, (value) => {
    const inner = symbolic(value);
    const isKnown = inner instanceof Sym && inner.type.kind === 'object';
    const members = isKnown ? mergeObjects(value as object) : value;
    if (symbolic(members) === undefined && mergedPieces(members as object) === undefined) {
      return Object.entries(members as object).flatMap(([key, item]) => conditional(item, (sure) => each(key, sure)));
    }
    const pairs = interpreter.call(Object.entries, Object, [value], 'Object.entries');
    return callMethod(pairs, 'map', [
      opaque((pair: unknown) => {
        const [key, item] = pair as [string, unknown];
        return each(key, item);
      }),
    ]);
  }) as U[] | undefined;
}

function conditional(item: unknown, work: (value: unknown) => unknown): unknown[] {
  const missing = isWaiting(resolveMerged(item)) ? false : isMissing(item);
  if (missing === true) return [];
  if (missing === false) return [present(item, work)];
  return activeTrace().under(not(missing), () => [new Maybe(not(missing), present(resolveMerged(item), work))]);
}

/** `{ ...first, ...second }`, also for maps of the spec. */
export function mergeObjects(...parts: readonly (object | undefined)[]): Record<string, unknown> {
  const result: Record<string, unknown> = activeTrace().track({});
  for (const part of parts) mergeSpread(result, part, true);
  return result;
}

/** Is the (present) value a number, native or symbolic? */
export function isNumberArgument(value: unknown): boolean {
  return isOfType(value, 'number');
}

/** Is the (present) value a string, native or symbolic? */
export function isTextArgument(value: unknown): boolean {
  return isOfType(value, 'string');
}

function isOfType(value: unknown, type: 'number' | 'string'): boolean {
  const found = resolveMerged(value);
  const inner = symbolic(found);
  return inner instanceof Sym ? inner.type.kind === type : typeof found === type;
}

/** Maps the values of an object. A member that may be missing may also be missing in the result. Null stays. */
export function mapValues<U>(
  object: Readonly<Record<string, unknown>> | undefined,
  each: (value: unknown) => U,
): Record<string, U> | undefined {
  return present(object, (value) => {
    const inner = symbolic(value);
    if (inner instanceof Sym && inner.type.kind !== 'object') return changedMap(inner, each);
    const members = inner === undefined ? (value as object) : mergeObjects(value as object);
    return changedMembers(members as Record<string, unknown>, each);
  }) as Record<string, U> | undefined;
}

function changedMembers(members: Record<string, unknown>, each: (value: unknown) => unknown): Record<string, unknown> {
  const result: Record<string, unknown> = activeTrace().track({});
  for (const [key, item] of Object.entries(members)) setOwn(result, key, item === null ? null : present(item, each));
  const pieces = mergedPieces(members)?.map((piece): MergedPiece => ({
    ...piece,
    ...(piece.keys !== undefined && { keys: changedMembers(piece.keys, each) }),
    ...(piece.map !== undefined && { map: symbolic(changedMap(piece.map, each)) as Sym }),
  }));
  if (pieces !== undefined) setOwn(result, MERGED, pieces);
  return result;
}

/** Maps the values of a map of the spec. */
function changedMap(map: Sym, each: (value: unknown) => unknown): unknown {
  const [key, item] = [macroVariable('k'), macroVariable('v')];
  const body = toNode(each(wrap(new Sym(variable(item, map.type.kind === 'map' ? map.type.value : DYN)))));
  if (body.kind === 'var') return wrap(map);
  const { absence, waits } = map;
  const changed = macro('transformMap', map.node, [key, item], [body], mapOf(body.type));
  return wrap(
    new Sym(changed, { waits, absence: absence && { has: absence.has, plain: false, waits: absence.waits } }),
  );
}
