import type { JsonValue } from '@typekro/kit/core';
import { MAX_CONSTANT_LENGTH } from '../ir/node.ts';
import { type RefusalCode, refuse } from '../refusal/refusal.ts';
import { classOf, isPlainObject } from '../value/printed.ts';
import { hasTokens, symbolic } from '../value/proxy.ts';

/**
 * Matches a one-line string that contains the text that JavaScript prints for an object. A string of several lines does
 * not match, because it may be a file that quotes this text.
 */
const PRINTED_OBJECT = /^[^\n]*(\[object [A-Z]\w*\])[^\n]*$/;

/**
 * Checks that a part of a definition is plain data: strings, finite numbers, bigints, booleans, null, lists and
 * objects. A member may be undefined; it is left out of the definition. A definition must not contain an object of the
 * tracer, a function, or a string that JavaScript printed for an object.
 *
 * @throws Refusal for the first part that is anything else, with its path.
 */
export function assertPlainData(value: unknown, path: string): asserts value is JsonValue {
  const found = notPlain(value);
  if (found === undefined) return;
  const hint = found.code === undefined ? 'pass plain data: strings, numbers, lists and objects' : undefined;
  refuse(found.code ?? 'unsupported', `${path}${found.path} would hold ${found.what}`, hint);
}

interface NotPlain {
  readonly what: string;
  /**
   * The path from the checked value. It is built only for a part that is not plain data, while the recursion returns,
   * because such parts are rare.
   */
  readonly path: string;
  /** The code of the refusal, if it is not `unsupported`. */
  readonly code?: RefusalCode;
}

const atRoot = (what: string): NotPlain => ({ what, path: '' });

const under = (step: string, { path, ...found }: NotPlain): NotPlain => ({ ...found, path: step + path });

function notPlain(value: unknown): NotPlain | undefined {
  if (typeof value === 'string') return notPlainText(value);
  if (value === null || typeof value === 'boolean' || typeof value === 'bigint') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : atRoot(String(value));
  if (typeof value !== 'object') return atRoot(value === undefined ? 'undefined' : `a ${typeof value}`);
  if (symbolic(value) !== undefined) return atRoot('a value of the graph outside of an expression');
  if (Array.isArray(value)) {
    // Index loop: in unoptimized code for..of allocates at each step.
    for (let index = 0; index < value.length; index += 1) {
      const found = notPlain(value[index]);
      if (found !== undefined) return under(`[${index}]`, found);
    }
    return undefined;
  }
  if (!isPlainObject(value)) return atRoot(`an object of the class ${classOf(value)}`);
  return notPlainMember(value as Record<string, unknown>);
}

const tooLong = ({ length }: string, what: string): NotPlain => ({
  ...atRoot(`a ${what} of ${length} characters`),
  code: 'too-large',
});

function notPlainText(text: string): NotPlain | undefined {
  if (hasTokens(text)) return atRoot('a placeholder for a value of the graph');
  if (text.length > MAX_CONSTANT_LENGTH) return tooLong(text, 'string');
  const printed = text.includes('[object ') ? PRINTED_OBJECT.exec(text)?.[1] : undefined;
  return printed === undefined ? undefined : atRoot(`a string with "${printed}", the printed form of an object`);
}

function notPlainMember(value: Readonly<Record<string, unknown>>): NotPlain | undefined {
  if (Object.getOwnPropertySymbols(value).length > 0) return atRoot('a key that is a symbol');
  const keys = Object.keys(value);
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as string;
    if (hasTokens(key)) return atRoot('a key with a placeholder for a value of the graph');
    const item = value[key];
    const found = item === undefined ? undefined : notPlain(item);
    if (found !== undefined) return under(`.${key}`, found);
    if (key.length > MAX_CONSTANT_LENGTH) return tooLong(key, 'key');
  }
  return undefined;
}
