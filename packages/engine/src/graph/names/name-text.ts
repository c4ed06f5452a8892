import type { JsonValue } from '@typekro/kit/core';
import { type KroCompatibility, KroLevel } from '../kro-compatibility.ts';
import { scanExpressions } from '../expressions/scan.ts';

/**
 * The relation of two strings with expressions: always equal, never equal, or dependent on the values of the
 * expressions.
 */
export type Relation = 'equal' | 'different' | 'open';

/** One character of literal text, or one expression. */
export type NameSymbol = { readonly text: string; readonly expression: boolean };

/** A string of a template, divided into characters and expressions. */
export type NameText = readonly NameSymbol[];

/**
 * Matches an expression that is a single path in the spec or the metadata of the instance. Such an expression has the
 * same value in the whole graph.
 */
const SHARED = /^schema\.(?:spec|metadata)\.[\w.]+$/;

/**
 * The maximum number of replacements when the name of one resource is defined by the name of the next one, and so on.
 */
const MAX_REPLACEMENTS = 8;

/**
 * Divides a name, a port or a key in a template into characters and expressions. A number is converted to a string. An
 * expression that reads the name of another resource of the graph is replaced by the string of that name.
 *
 * @param nameOf returns the `metadata.name` of the resource with the given id
 * @param level the level of kro that finds the expressions
 * @returns `undefined` for a value that is neither a string nor a number, and for a string whose expressions cannot be
 *   found, such as an unterminated `${`
 */
export function nameText(
  value: JsonValue | undefined,
  nameOf: (id: string) => JsonValue | undefined = () => undefined,
  level: KroCompatibility = KroLevel.DEFAULT,
): NameText | undefined {
  return dividedName(value, nameOf, level, MAX_REPLACEMENTS);
}

/** `left` is the number of replacements that remain. */
function dividedName(
  value: JsonValue | undefined,
  nameOf: (id: string) => JsonValue | undefined,
  level: KroCompatibility,
  left: number,
): NameText | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return characters(String(value));
  if (typeof value !== 'string') return undefined;
  const scanned = scanExpressions(value, level);
  if (!scanned.ok) return undefined;
  return scanned.parts.flatMap((part): NameText => {
    if (part.kind === 'text') return characters(part.text);
    const text = part.text.trim();
    const id = /^(\w+)\.metadata\.name$/.exec(text)?.[1];
    const other =
      id === undefined || id === 'schema' || left === 0 ? undefined : dividedName(nameOf(id), nameOf, level, left - 1);
    return other ?? [{ text, expression: true }];
  });
}

/** Does the string have no expressions? */
export function isConstantName(text: NameText): boolean {
  return text.every(({ expression }) => !expression);
}

/** Does the string have expressions, and is each of them a single path in the spec or the metadata of the instance? */
export function variesByInstance(text: NameText): boolean {
  const expressions = text.filter(({ expression }) => expression);
  return expressions.length > 0 && expressions.every(({ text: cel }) => SHARED.test(cel));
}

/** Formats the string for messages. */
export function shownNameText(text: NameText): string {
  return text.map((symbol) => (symbol.expression ? `\${${symbol.text}}` : symbol.text)).join('');
}

/**
 * Compares two strings of the same graph. The result is `different` only when the strings differ for all values of
 * their expressions. The comparison first removes the equal parts at both ends.
 */
export function compareNameTexts(a: NameText, b: NameText): Relation {
  let from = 0;
  while (from < Math.min(a.length, b.length) && isSame(a[from], b[from])) from += 1;
  let back = 0;
  const maxLength = Math.min(a.length, b.length) - from;
  while (back < maxLength && isSame(a.at(-1 - back), b.at(-1 - back))) back += 1;
  const left = a.slice(from, a.length - back);
  const right = b.slice(from, b.length - back);
  if (left.length === 0 && right.length === 0) return 'equal';
  if (isConstantName(left) && isConstantName(right)) return 'different';
  // Literal text is never empty; the value of an expression may be empty.
  if (left.length === 0 || right.length === 0) {
    return [...left, ...right].some(({ expression }) => !expression) ? 'different' : 'open';
  }
  const differs = (one: NameSymbol | undefined, other: NameSymbol | undefined): boolean =>
    one?.expression === false && other?.expression === false;
  return differs(left[0], right[0]) || differs(left.at(-1), right.at(-1)) ? 'different' : 'open';
}

function isSame(a: NameSymbol | undefined, b: NameSymbol | undefined): boolean {
  if (a === undefined || b === undefined || a.expression !== b.expression || a.text !== b.text) return false;
  return !a.expression || SHARED.test(a.text);
}

function characters(text: string): NameText {
  return Array.from(text, (character) => ({ text: character, expression: false }));
}

/** The parts of names that are known before a step. */
export const NameText = {
  of: nameText,
  isConstant: isConstantName,
  compare: compareNameTexts,
  shown: shownNameText,
  variesByInstance,
};
