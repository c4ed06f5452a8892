import { macro, macroVariable, not, variable } from './ir/build.ts';
import type { Node } from './ir/node.ts';
import { mapOf } from './ir/types.ts';
import { callValue } from './interp/calls.ts';
import { opaque } from './interp/natives.ts';
import { arrayMethod } from './library/arrays.ts';
import { callMethod } from './library/methods.ts';
import { mergeSpread } from './library/objects.ts';
import { activeTrace } from './trace/trace.ts';
import { choose } from './interp/branches.ts';
import { resolve } from './value/merge.ts';
import { equals, textOrNode, textValue, truthy } from './value/ops.ts';
import { mergedPieces, toNode } from './value/nodes.ts';
import { symbolic, wrap } from './value/proxy.ts';
import { Maybe, Phi, Sym } from './value/symbolic.ts';

/** Helpers for factories: ordinary operations that also work on values that are known only later. */

/** `String(value)`; `undefined` stays `undefined`. */
export function asText(value: unknown): string | undefined {
  const found = resolve(value);
  if (found === undefined || found === null) return undefined;
  return present(found, textOf) as string | undefined;
}

function textOf(sure: unknown): unknown {
  const text = textOrNode(sure);
  if (typeof text === 'string') return text;
  const inner = symbolic(sure);
  const asItIs = inner instanceof Sym && inner.node === text && inner.absence === undefined && !inner.waits;
  if (asItIs) activeTrace().originate(text);
  return asItIs ? sure : textValue(text);
}

/** Applies `work` where the value is there; elsewhere the result is `undefined`. */
export function present(value: unknown, work: (value: unknown) => unknown): unknown {
  if (isScalar(value)) return value === undefined ? undefined : work(value);
  const found = resolve(value);
  if (isThere(found)) return work(found);
  if (isWaiting(found)) return work(value);
  return choose(
    isMissing(value),
    () => undefined,
    () => work(resolve(value)),
  );
}

/** A condition, or the answer where it is known. */
const isMissing = (value: unknown): boolean | Node => truthy(equals(value, undefined, false));

/** Neither an object nor what stands for a value: it is known whether it is there. */
function isScalar(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && typeof value !== 'function');
}

/** Is it certain that the (resolved) value is there? */
function isThere(found: unknown): boolean {
  const inner = symbolic(found);
  return inner === undefined ? found !== undefined : inner instanceof Sym && inner.absence === undefined;
}

/** A plain read of a resource: the graph waits for it, nobody asks whether it is there. */
function isWaiting(found: unknown): boolean {
  const inner = symbolic(found);
  return inner instanceof Sym && inner.absence?.waits === true;
}

/** `value ?? fallback`. */
export function withDefault<T>(value: T | undefined, fallback: T): T {
  if (isScalar(value)) return value === undefined ? fallback : value;
  const found = resolve(value);
  if (isThere(found)) return found as T;
  if (isWaiting(found)) return value as T;
  return choose(
    isMissing(value),
    () => fallback,
    () => resolve(value),
  ) as T;
}

/** The value mapped item by item: known lists, lists of the spec, lists with conditional elements. */
export function mapList<T, U>(list: readonly T[] | undefined, each: (item: T) => U): U[] | undefined {
  return present(list, (value) => {
    const fn = opaque(each as (item: never) => unknown);
    if (!Array.isArray(value) || symbolic(value) !== undefined) return callMethod(value, 'map', [fn]);
    return (
      arrayMethod(value as unknown[], 'map', [fn])?.value ??
      activeTrace().born((value as T[]).map((item) => each(item)))
    );
  }) as U[] | undefined;
}

/** The entries of an object or map as a list, in order. Entries that are `undefined` are left out. */
export function mapEntries<U>(
  object: Readonly<Record<string, unknown>> | undefined,
  each: (key: string, value: unknown) => U,
): U[] | undefined {
  return present(object, (value) => {
    if (symbolic(value) === undefined && mergedPieces(value as object) === undefined) {
      return Object.entries(value as object).flatMap(([key, item]) => conditional(item, (sure) => each(key, sure)));
    }
    const pairs = callValue(Object.entries, Object, [value], 'Object.entries');
    return callMethod(pairs, 'map', [
      opaque((pair: unknown) => {
        const [key, item] = pair as [string, unknown];
        return each(key, item);
      }),
    ]);
  }) as U[] | undefined;
}

function conditional(item: unknown, work: (value: unknown) => unknown): unknown[] {
  if (isWaiting(resolve(item))) return [work(item)];
  const missing = isMissing(item);
  if (missing === true) return [];
  if (missing === false) return [work(resolve(item))];
  return activeTrace().under(not(missing), () => [new Maybe(not(missing), work(resolve(item)))]);
}

/** `{ ...first, ...second }`, also for maps of the spec. */
export function mergeObjects(...parts: readonly (object | undefined)[]): Record<string, unknown> {
  const result: Record<string, unknown> = activeTrace().born({});
  for (const part of parts) mergeSpread(result, part);
  return result;
}

/** Is the value a number, known or not? */
export function isNumber(value: unknown): boolean {
  return isOfType(value, 'number');
}

/** Is the value a text, known or not? */
export function isText(value: unknown): boolean {
  return isOfType(value, 'string');
}

function isOfType(value: unknown, type: 'number' | 'string'): boolean {
  const found = resolve(value);
  const inner = symbolic(found);
  if (inner instanceof Phi) return isOfType(inner.then, type) || isOfType(inner.otherwise, type);
  return inner instanceof Sym ? inner.type.kind === type : typeof found === type;
}

/** An object with every value changed; values that may be missing stay so. */
export function mapValues<U>(
  object: Readonly<Record<string, unknown>> | undefined,
  each: (value: unknown) => U,
): Record<string, U> | undefined {
  return present(object, (value) => {
    const pieces = symbolic(value) === undefined ? mergedPieces(value as object) : [{ map: symbolic(value) as Sym }];
    const result: Record<string, unknown> = activeTrace().born({});
    if (symbolic(value) === undefined)
      for (const [key, item] of Object.entries(value as object)) result[key] = present(item, each);
    for (const piece of pieces ?? []) {
      if (piece.keys !== undefined) mergeSpread(result, mapValues(piece.keys, each));
      else mergeSpread(result, changedMap(piece.map as Sym, each));
    }
    const made = pieces ?? [];
    if (made.some((piece) => piece.test !== undefined)) return value;
    return result;
  }) as Record<string, U> | undefined;
}

/** A map of the spec with every value changed. */
function changedMap(map: Sym, each: (value: unknown) => unknown): unknown {
  if (map.type.kind !== 'map') return wrap(map);
  const [key, item] = [macroVariable('k'), macroVariable('v')];
  const body = toNode(each(wrap(new Sym(variable(item, map.type.value)))));
  if (body.op === 'var') return wrap(map);
  return wrap(new Sym(macro('transformMap', map.node, [key, item], [body], mapOf(body.type)), { waits: map.waits }));
}
