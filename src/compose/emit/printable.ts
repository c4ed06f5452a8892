import type { JsonValue } from '../../core/index.ts';
import { refuse } from '../trace/refusal.ts';
import { classOf, isPlainObject } from '../value/printed.ts';
import { hasTokens, symbolic } from '../value/proxy.ts';

/** A line that JavaScript made of an object. Texts of several lines are files, which may speak of such texts. */
const PRINTED_OBJECT = /^[^\n]*\[object [A-Z]\w*\][^\n]*$/;

/**
 * Makes sure that a part of a definition is data: texts, numbers, truth values, lists and objects. Nothing of the
 * tracer, no function and no text that JavaScript printed for an object may reach a file.
 *
 * @throws Refusal for the first part that is anything else, with its path.
 */
export function assertPrintable(value: unknown, path: string): asserts value is JsonValue {
  const stop = (what: string): never =>
    refuse('unsupported', `${path} would hold ${what}`, 'pass plain data: texts, numbers, lists and objects');
  if (typeof value === 'string') {
    if (hasTokens(value)) stop('a placeholder for a value of the graph');
    if (PRINTED_OBJECT.test(value)) stop(`the text ${JSON.stringify(value)}, which is what an object prints`);
    return;
  }
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) stop(String(value));
    return;
  }
  if (typeof value !== 'object') return stop(value === undefined ? 'undefined' : `a ${typeof value}`);
  if (symbolic(value) !== undefined) return stop('a value of the graph outside of an expression');
  if (Array.isArray(value)) {
    // Counted: while code is cold, each step of for..of makes an object.
    for (let index = 0; index < value.length; index += 1) assertPrintable(value[index], `${path}[${index}]`);
    return;
  }
  if (!isPlainObject(value)) stop(`an object of the class ${classOf(value)}`);
  if (Object.getOwnPropertySymbols(value).length > 0) stop('a key that is a symbol');
  const keys = Object.keys(value);
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as string;
    if (hasTokens(key)) stop('a key with a placeholder for a value of the graph');
    const item = (value as Record<string, unknown>)[key];
    if (item !== undefined) assertPrintable(item, `${path}.${key}`);
  }
}
