import { readdirSync, readFileSync } from 'node:fs';
import { pick, type Choices } from './choices.ts';

/** The recorded expressions with at most 2,000 characters. */
export function corpus(): readonly string[] {
  const folder = new URL('../conformance/cel/', import.meta.url);
  const expressions: string[] = [];
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .sort()) {
    for (const line of readFileSync(new URL(file, folder), 'utf8').split('\n')) {
      if (line === '') continue;
      const { expr } = JSON.parse(line) as { expr: string };
      if (expr.length <= 2_000) expressions.push(expr);
    }
  }
  return expressions;
}

/** A token, or the white space between two tokens. */
const TOKEN = /[A-Za-z_]\w*|\d+|"(?:[^"\\]|\\.)*"?|\s+|./gsu;

const INSERTIONS = [
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  '.',
  ',',
  ':',
  '?',
  '+',
  '-',
  '!',
  '&&',
  '||',
  '==',
  'in',
  '.?',
  '[?',
  '`a`',
  '"',
  "'",
  '"""',
  '\\',
  'r"',
  'b"',
  '0x',
  '1e',
  '1u',
  '9223372036854775808',
  '🙂',
  '\u0000',
  '\ud800',
  '\u2028',
  '\ufeff',
  'é',
  '@',
  '#',
  '$',
  '%',
  'null',
  'true',
  'has(',
  '.map(x, ',
  '.all(x, y, ',
  '.format([',
  'cel.bind(x, ',
  '__proto__',
  '.constructor',
  '//',
  '\n',
  '\t',
];

/** Changes an expression at a few positions. The result is usually invalid. */
export function mutate(choices: Choices, expressions: readonly string[]): string {
  let tokens: string[] = pick(choices, expressions).match(TOKEN) ?? [];
  for (let change = choices.below(4); change >= 0; change--) tokens = changed(choices, [...tokens], expressions);
  return tokens.join('').slice(0, 20_000);
}

function changed(choices: Choices, tokens: string[], expressions: readonly string[]): string[] {
  const at = choices.below(tokens.length + 1);
  const length = 1 + choices.below(4);
  switch (choices.below(7)) {
    case 0:
      tokens.splice(at, length);
      break;
    case 1:
      tokens.splice(at, 0, pick(choices, INSERTIONS));
      break;
    case 2:
      tokens.splice(at, 0, ...tokens.slice(at, at + length));
      break;
    case 3:
      tokens.splice(at, length, ...(pick(choices, expressions).match(TOKEN) ?? []));
      break;
    case 4:
      tokens.splice(at, 1, pick(choices, INSERTIONS));
      break;
    case 5: {
      const other = pick(choices, expressions).match(TOKEN) ?? [];
      tokens.splice(at, tokens.length, ...other.slice(choices.below(other.length + 1)));
      break;
    }
    default: {
      const repeated = tokens.slice(at, at + length);
      for (let i = choices.below(60); i > 0; i--) tokens.splice(at, 0, ...repeated);
    }
  }
  return tokens;
}
