import type { JsonValue } from '../../core/index.ts';
import { refuse } from '../refusal/refusal.ts';
import { classOf, isPlainObject } from '../value/printed.ts';
import { hasTokens, symbolic } from '../value/proxy.ts';

/**
 * Matches the text that JavaScript prints for an object. A text of several lines does not match, because it may be a
 * file that quotes such a line.
 */
const PRINTED_OBJECT = /^[^\n]*\[object [A-Z]\w*\][^\n]*$/;

/**
 * Checks that a part of a definition is data: texts, numbers, truth values, lists and objects. No object of the tracer,
 * no function and no text that JavaScript printed for an object may be in a definition.
 *
 * @throws Refusal for the first part that is anything else, with its path.
 */
export function assertPrintable(value: unknown, path: string): asserts value is JsonValue {
  const found = unprintable(value);
  if (found === undefined) return;
  const hint = 'pass plain data: texts, numbers, lists and objects';
  refuse('unsupported', `${path}${found.path} would hold ${found.what}`, hint);
}

interface Unprintable {
  readonly what: string;
  /** The path from the checked value. The path is built on return, because nearly every value is printable. */
  readonly path: string;
}

const atRoot = (what: string): Unprintable => ({ what, path: '' });

const under = (step: string, { what, path }: Unprintable): Unprintable => ({ what, path: step + path });

function unprintable(value: unknown): Unprintable | undefined {
  if (typeof value === 'string') return unprintableText(value);
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : atRoot(String(value));
  if (typeof value !== 'object') return atRoot(value === undefined ? 'undefined' : `a ${typeof value}`);
  if (symbolic(value) !== undefined) return atRoot('a value of the graph outside of an expression');
  if (Array.isArray(value)) {
    // Index loop: in unoptimized code for..of allocates at each step.
    for (let index = 0; index < value.length; index += 1) {
      const found = unprintable(value[index]);
      if (found !== undefined) return under(`[${index}]`, found);
    }
    return undefined;
  }
  if (!isPlainObject(value)) return atRoot(`an object of the class ${classOf(value)}`);
  return unprintableMember(value as Record<string, unknown>);
}

function unprintableText(text: string): Unprintable | undefined {
  if (hasTokens(text)) return atRoot('a placeholder for a value of the graph');
  if (text.includes('[object ') && PRINTED_OBJECT.test(text))
    return atRoot('a text with "[object Object]", which is what an object prints');
  return undefined;
}

function unprintableMember(value: Readonly<Record<string, unknown>>): Unprintable | undefined {
  if (Object.getOwnPropertySymbols(value).length > 0) return atRoot('a key that is a symbol');
  const keys = Object.keys(value);
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as string;
    if (hasTokens(key)) return atRoot('a key with a placeholder for a value of the graph');
    const item = value[key];
    const found = item === undefined ? undefined : unprintable(item);
    if (found !== undefined) return under(`.${key}`, found);
  }
  return undefined;
}
