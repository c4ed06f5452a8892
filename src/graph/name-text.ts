import type { JsonValue } from '../core/index.ts';
import { scanExpressions } from './scan.ts';

/** The relation of two texts with expressions: always equal, never equal, or dependent on the values. */
export type Relation = 'equal' | 'different' | 'open';

/** One character of literal text, or one expression. */
export type NameSymbol = { readonly text: string; readonly expression: boolean };

/** A text of a template as characters and expressions. */
export type NameText = readonly NameSymbol[];

/**
 * An expression that is one path in the spec or the metadata of the instance. It has the same value in the whole graph.
 */
const SHARED = /^schema\.(?:spec|metadata)\.[\w.]+$/;

/**
 * The maximum number of replacements in a chain of names in which each name refers to the name of the next resource.
 */
const MAX_REPLACEMENTS = 8;

/**
 * The text of a name, a port or a key in a template. A number counts as its text. An expression for the name of another
 * resource of the graph is replaced by the text of that name.
 *
 * @param nameOf text of `metadata.name` of the resource with an id
 * @returns `undefined` for a value that is neither a text nor a number, and for a text whose expressions cannot be found,
 *   such as `${` without an end
 */
export function nameText(
  value: JsonValue | undefined,
  nameOf: (id: string) => JsonValue | undefined = () => undefined,
  left = MAX_REPLACEMENTS,
): NameText | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return characters(String(value));
  if (typeof value !== 'string') return undefined;
  const scanned = scanExpressions(value);
  if (!scanned.ok) return undefined;
  return scanned.parts.flatMap((part): NameText => {
    if (part.kind === 'text') return characters(part.text);
    const text = part.text.trim();
    const id = /^(\w+)\.metadata\.name$/.exec(text)?.[1];
    const other =
      id === undefined || id === 'schema' || left === 0 ? undefined : nameText(nameOf(id), nameOf, left - 1);
    return other ?? [{ text, expression: true }];
  });
}

/** Is the text without expressions? */
export function isConstantName(text: NameText): boolean {
  return text.every(({ expression }) => !expression);
}

/** Does the text have expressions, each of which is one path in the spec or the metadata of the instance? */
export function variesByInstance(text: NameText): boolean {
  const expressions = text.filter(({ expression }) => expression);
  return expressions.length > 0 && expressions.every(({ text: cel }) => SHARED.test(cel));
}

/** The form of the text in messages. */
export function shownNameText(text: NameText): string {
  return text.map((symbol) => (symbol.expression ? `\${${symbol.text}}` : symbol.text)).join('');
}

/**
 * Compares two texts of one graph. The result is `different` only when no values of their expressions can make the
 * texts equal. The comparison removes the equal parts at both ends first.
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
