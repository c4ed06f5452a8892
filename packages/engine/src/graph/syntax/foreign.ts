/**
 * A construct of another language: a pattern that matches its beginning, the message about it, and CEL's equivalent.
 */
export type ForeignForm = readonly [pattern: RegExp, message: string, hint: string];

const DEFAULTS = 'read the field with .?name and give a default: a.?b.orValue("x")';
/** How to write a string with `${` that is meant for a shell. */
const SHELL = '${"${NAME}"} instead of ${NAME}';
const ARROWS = 'macros name their variable first: list.map(x, x + 1), list.filter(x, x > 1)';

/**
 * Operators of other languages that consist of several tokens. The parser may stop at any of these tokens. Therefore
 * the rules test the patterns at the token where the parser stopped, and at the two tokens before it if there is no
 * space between them.
 */
export const FOREIGN_OPERATORS: readonly ForeignForm[] = [
  [/^=>|^->/, 'CEL has no arrow functions (=>)', ARROWS],
  [/^===/, '"===" is not an operator', 'write == to compare'],
  [/^!==/, '"!==" is not an operator', 'write != to compare'],
  [/^<>/, '"<>" is not an operator', 'write !='],
  [/^=~/, '"=~" is not an operator', 'write text.matches("…")'],
  [/^!~/, '"!~" is not an operator', 'write !text.matches("…")'],
  [/^=<(?!=)/, '"=<" is not an operator', 'write <='],
  [/^\?\?/, 'CEL has no operator ??', DEFAULTS],
  [/^\?\./, 'CEL writes optional access as .?', 'write a.?b instead of a?.b, and a[?0] instead of a?.[0]'],
  [/^\?:/, 'CEL has no operator ?:', DEFAULTS],
  [/^:-/, 'CEL has no default after ":-"', `${DEFAULTS}; for a shell, write ${SHELL}`],
  [/^(?:[-+*/%:]|\|\||&&)=(?!=)/, 'an expression cannot assign a value', 'write == to compare, or only the value'],
  [/^\+\+/, 'CEL has no operator ++', 'write x + 1, or join lists and strings with one +'],
  [/^\*\*/, 'CEL has no operator **', 'write the product: x * x'],
  [/^(?:<<|>>)/, 'CEL has no bitwise operators', 'multiply or divide by 2, 4, 8, …'],
  [/^\.\.\./, 'CEL has no spread (...)', 'join lists with +: a + [b]; merge maps with a.merge(b)'],
  [/^\/\*/, 'CEL has no comments between /* and */', 'write // before the comment: it ends at the end of the line'],
  [/^::/, '"::" is not an operator', 'write a dot: a.b'],
];

/**
 * Characters at which the lexer finds no token of CEL. A pattern matches the text that starts with such a character.
 */
export const FOREIGN_CHARACTERS: readonly ForeignForm[] = [
  [
    /^&(?:amp|lt|gt|quot|apos|#\d+);/,
    'this is a character reference of HTML',
    'write the character itself: & for &amp;, < for &lt;',
  ],
  [/^=/, '"=" is not an operator here', 'write == to compare'],
  [/^&/, '"&" is not an operator', 'write && for "and"'],
  [
    /^\|\s*(?:[a-z]\w*\s*\(|(?:default|upper|lower|quote|trim|length|join|int|string|tojson|toYaml|first|last)\b)/i,
    'CEL has no filters after "|"',
    'call a function: a.?b.orValue("x") for default, a.lowerAscii() for lower; write || for "or"',
  ],
  [/^\|/, '"|" is not an operator', 'write || for "or"'],
  [
    /^[\u201c-\u201f\u2018-\u201b\u00ab\u00bb\u2039\u203a\uff02\uff07]/,
    'these are typographic quotes, which have no meaning in an expression',
    'write straight ones: "text" or \'text\'',
  ],
  [/^[\u00a0\u2007\u202f]/, 'there is a non-breaking space (U+00A0) here', 'write a plain space'],
  [/^[\u2000-\u200a\u3000]/, 'there is a space here that is not a plain space', 'write a plain space'],
  [
    /^[\u200b-\u200f\u2060\ufeff\u00ad]/,
    'there is an invisible character here',
    'delete it together with the characters next to it, and type those characters again',
  ],
  [/^[\u2013\u2014\u2212]/, 'this dash is not a minus', 'write -'],
  [/^\u2265/, '"\u2265" is not an operator', 'write >='],
  [/^\u2264/, '"\u2264" is not an operator', 'write <='],
  [/^\u2260/, '"\u2260" is not an operator', 'write !='],
  [/^\u00d7/, '"\u00d7" is not an operator', 'write *'],
  [/^\u2026/, 'a value is left out here ("\u2026")', 'write the value'],
  [/^`/, 'backquotes (`) cannot enclose a string', 'put the text in quotes, and join values with +: "text" + name'],
  [/^;/, 'an expression does not end with ";"', 'remove it'],
  [/^#/, '"#" does not begin a comment in an expression', 'write // before a comment, or remove the "#"'],
  [
    /^\$\{/,
    'an expression begins inside another one',
    'inside ${…} names are written without ${…}: remove the "${" and its "}"',
  ],
  [/^\$/, 'names have no "$" in an expression', 'remove the "$"'],
  [
    /^\\["']/,
    'there is a backslash before a quote that is not part of a string',
    'write the quote without the backslash; in YAML, put the whole value into the other kind of quotes',
  ],
  [
    /^\\/,
    'there is a backslash outside of a string',
    'remove it; an expression needs no backslash at the end of a line',
  ],
  [/^@/, '"@" has no meaning in an expression', 'remove it'],
  [/^[~^]/, 'CEL has no bitwise operators', 'write ! for "not", and != for "either … or"'],
];

/** Words that are operators between two values in other languages. */
export const INFIX_WORDS: ReadonlyMap<string, readonly [message: string, hint: string]> = new Map([
  ...words(['and', 'AND', 'And'], 'write && for "and"'),
  ...words(['or', 'OR', 'Or'], 'write || for "or"'),
  ...words(['not', 'NOT', 'Not'], 'write ! for "not"; for "not in" write !(a in b)'),
  ...words(['is', 'eq', 'equals', 'EQ'], 'write =='),
  ...words(['ne', 'neq', 'NE'], 'write !='),
  ...words(['lt', 'LT'], 'write <'),
  ...words(['le', 'lte', 'LE'], 'write <='),
  ...words(['gt', 'GT'], 'write >'),
  ...words(['ge', 'gte', 'GE'], 'write >='),
  ...words(['mod'], 'write %'),
  ...words(['div'], 'write /'),
  ...words(['xor'], 'write != between the two conditions'),
  ...words(['contains', 'startsWith', 'endsWith', 'matches'], (word) => `write a.${word}(b)`),
  ...words(['like', 'LIKE'], 'write a.matches("…")'),
  ...words(['instanceof'], 'write type(a) == string'),
  ...words(['IN'], 'write "in" in lowercase letters'),
  ...words(['if', 'then', 'else', 'unless', 'when'], 'write condition ? a : b', (word) => `CEL has no "${word}"`),
  ...words(['for'], 'CEL has no loops: write list.map(x, …)', (word) => `CEL has no "${word}"`),
]);

/** Words that are operators before a value in other languages. */
export const PREFIX_WORDS: ReadonlyMap<string, readonly [message: string, hint: string]> = new Map([
  ...words(['not', 'NOT'], 'write ! for "not": !a'),
  ...words(['if', 'unless', 'when'], 'write condition ? a : b', (word) => `CEL has no "${word}"`),
  ...words(['typeof'], 'write type(a)'),
  ...words(['new', 'await', 'lambda', 'async'], 'leave it out', (word) => `CEL has no "${word}"`),
]);

/** Makes the table rows for words. By default, the message says that the word is not an operator. */
function words(
  names: readonly string[],
  hint: string | ((word: string) => string),
  message = (word: string) => `"${word}" is not an operator`,
): readonly (readonly [string, readonly [string, string]])[] {
  return names.map((name) => [name, [message(name), typeof hint === 'string' ? hint : hint(name)]]);
}
