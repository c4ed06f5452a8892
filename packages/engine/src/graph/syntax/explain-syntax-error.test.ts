import { expect, test } from 'vitest';
import { kroEnvironment } from '@typekro/cel';
import { builtinSource } from '../../schema/index.ts';
import { compile } from '../compile.ts';
import { parseDefinitions } from '../parse-definitions.ts';
import { explainSyntaxError } from './explain-syntax-error.ts';

const DEFINITION = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: x}
spec:
  schema:
    apiVersion: v1alpha1
    kind: App
    spec: {name: string}
  resources:
  - id: config
    template:
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: a}
      data: {a: VALUE}
`;

const environment = kroEnvironment();

/**
 * Explains the first error of an expression. The first element of the result is the expression with a mark (⟦) at the
 * explained error.
 */
function explain(cel: string): readonly [marked: string, message: string, hint: string | undefined] {
  const parsed = environment.parse(cel);
  if (parsed.ok) throw new Error(`${cel} parses`);
  const at = parsed.errors[0]?.offset ?? 0;
  const { message, hint, offset = at } = explainSyntaxError(cel, at);
  return [`${cel.slice(0, offset)}⟦${cel.slice(offset)}`, message, hint];
}

/** Each row: the message and the remedy, and the expressions that have them, each with a mark at the mistake. */
const MISTAKES: readonly (readonly [message: string, hint: string, ...marked: readonly string[]])[] = [
  ['"&" is not an operator', 'write && for "and"', 'a ⟦& b', 'a ⟦&', 'a && b ⟦&'],
  ['a value is expected between "&&" and "&&"', 'write the value that is missing, or remove "&&"', 'a && ⟦&& b'],
  ['"|" is not an operator', 'write || for "or"', 'a ⟦| b', 'a ||⟦| b'],
  [
    'CEL has no filters after "|"',
    'call a function: a.?b.orValue("x") for default, a.lowerAscii() for lower; write || for "or"',
    'a ⟦| default("x")',
  ],
  ['"=" is not an operator here', 'write == to compare', 'a ⟦= b'],
  ['"===" is not an operator', 'write == to compare', 'a ⟦=== b'],
  ['"!==" is not an operator', 'write != to compare', 'a ⟦!== b'],
  ['"=" is not an operator here', 'a map is written {"key": value}; write == to compare', '{"a" ⟦= 1}'],
  ['"=<" is not an operator', 'write <=', 'a ⟦=< b'],
  [
    'CEL has no arrow functions (=>)',
    'macros name their variable first: list.map(x, x + 1), list.filter(x, x > 1)',
    'a ⟦=> b',
    'list.map(x ⟦=> x + 1)',
    'list.filter((x) ⟦=> x > 1)',
    'list.map(x ⟦-> x)',
  ],
  ['"<>" is not an operator', 'write !=', 'a ⟦<> b'],
  ['CEL has no operator ??', 'read the field with .?name and give a default: a.?b.orValue("x")', 'a ⟦?? "x"'],
  [
    'CEL writes optional access as .?',
    'write a.?b instead of a?.b',
    'a⟦?.b',
    'f(a⟦?.b, c)',
    'a⟦?.b == "x" ? "y" : "z"',
  ],
  ['CEL writes optional access as .?', 'write a.?b instead of a?.b, and a[?0] instead of a?.[0]', 'a⟦?.[0]'],
  ['CEL has no operator ?:', 'read the field with .?name and give a default: a.?b.orValue("x")', 'a ⟦?: b'],
  [
    'CEL has no default after ":-"',
    'read the field with .?name and give a default: a.?b.orValue("x"); for a shell, write ${"${NAME}"} instead of ${NAME}',
    'a⟦:-b',
  ],
  ['CEL has no operator **', 'write the product: x * x', 'a ⟦** 2'],
  ['CEL has no operator ++', 'write x + 1, or join lists and strings with one +', 'i⟦++'],
  ['CEL has no spread (...)', 'join lists with +: a + [b]; merge maps with a.merge(b)', '[⟦...a, b]'],
  ['the name of a field is expected after "."', 'write the name, or remove the "."', 'a.⟦.b'],
  ['"::" is not an operator', 'write a dot: a.b', 'a⟦::b'],
  ['"and" is not an operator', 'write && for "and"', 'a ⟦and b'],
  ['"or" is not an operator', 'write || for "or"', 'a ⟦or b'],
  ['"not" is not an operator', 'write ! for "not": !a', '⟦not a', '!a && ⟦not b'],
  ['"not" is not an operator', 'write ! for "not"; for "not in" write !(a in b)', 'x ⟦not in y'],
  ['"!in" is not an operator', 'write !(a in b)', 'a ⟦!in b'],
  ['"is" is not an operator', 'write ==', 'a ⟦is b'],
  ['CEL has no "if"', 'write condition ? a : b', 'a == 1 ⟦if b else 2'],
  ['"contains" is not an operator', 'write a.contains(b)', 'x ⟦contains "y"'],
  ['"typeof" is not an operator', 'write type(a)', '⟦typeof a == "string"'],
  ['CEL has no "new"', 'leave it out', '⟦new Foo()'],
  [
    'this " opens a string that has no end',
    'close it with "',
    '⟦"abc',
    `⟦"abc'`,
    String.raw`r⟦"\d`,
    '⟦"a',
    'r⟦"abc',
    'a == ⟦"x',
    '⟦"a\nb',
    'br⟦"a',
  ],
  ["this ' opens a string that has no end", "close it with '", "⟦'abc", `"a" + ⟦'b`],
  [
    'this " opens a string that has no end',
    'remove it, or add the missing opening " before the text',
    'a + "b" + c⟦"',
    'b⟦"',
  ],
  [
    "this ' ends the string",
    String.raw`write \' for a quote in the string, or put the string into "…"; join two strings with +`,
    "'It⟦'s'",
    String.raw`"it\'s" + 'x⟦'y'`,
  ],
  [
    'this " ends the string',
    String.raw`write \" for a quote in the string, or put the string into '…'; join two strings with +`,
    '"say ⟦"hi""',
  ],
  [
    'the string "b" follows a complete expression',
    'write an operator between the two expressions, for example + or &&',
    'a ⟦"b"',
  ],
  ['the string "b" follows a complete expression', 'write + between the two strings', '"a" ⟦"b"'],
  [
    'the string "b" follows a complete expression',
    'write an operator between the two expressions, for example + or &&, or a comma',
    'f(a ⟦"b")',
  ],
  [
    String.raw`\d is not an escape in a string`,
    String.raw`write \\ for a backslash, or r"…" for a string in which a backslash is a plain character`,
    String.raw`"a⟦\d+"`,
    String.raw`replicas"⟦\d"`,
    String.raw`r'\d' + '⟦\d'`,
  ],
  [
    'the backslash before the last quote makes the quote a part of the string',
    String.raw`write \\ for a backslash`,
    String.raw`"C:⟦\"`,
  ],
  [
    String.raw`\u12 is an escape without all of its digits`,
    String.raw`write \x41, \u0041, \U00000041 or \101; or \\ for a backslash`,
    String.raw`"⟦\u12"`,
  ],
  [
    String.raw`\x is an escape without all of its digits`,
    String.raw`write \x41, \u0041, \U00000041 or \101; or \\ for a backslash`,
    String.raw`"⟦\xZ"`,
  ],
  [
    String.raw`\400 is not an octal escape from \000 to \377`,
    String.raw`write \x41, \u0041, \U00000041 or \101; or \\ for a backslash`,
    String.raw`"⟦\400"`,
  ],
  [
    String.raw`\189 is not an octal escape from \000 to \377`,
    String.raw`write \x41, \u0041, \U00000041 or \101; or \\ for a backslash`,
    String.raw`"⟦\1890"`,
  ],
  [
    String.raw`\12 is an escape without all of its digits`,
    String.raw`write \x41, \u0041, \U00000041 or \101; or \\ for a backslash`,
    String.raw`"⟦\12"`,
  ],
  ['this " ends the string', "put the string into r'…'; join two strings with +", 'r"a⟦"b"'],
  ["this ' ends the string", 'put the string into bR"""…"""; join two strings with +', `bR'''a''⟦'b'`],
  [
    'this " ends the string',
    String.raw`write \" for a quote in the string, or put the string into '''…'''; join two strings with +`,
    '"""a""⟦"b"',
  ],
  ['a string in quotes must end on its line', 'put the string into r"""…"""', 'r⟦"a\nb"'],
  ['these three quotes open a string that has no end', 'close it with """', '⟦"""abc'],
  ['"f" before a string has no meaning in CEL', 'remove it, and join strings with +: "a" + b', '⟦f"a{b}"'],
  [
    'these are typographic quotes, which have no meaning in an expression',
    `write straight ones: "text" or 'text'`,
    '⟦“pro”',
  ],
  ['this string ends with a typographic quote, which does not close it', 'write "', '"abc⟦”'],
  [
    'there is a backslash before a quote that is not part of a string',
    'write the quote without the backslash; in YAML, put the whole value into the other kind of quotes',
    String.raw`a == ⟦\"b\"`,
  ],
  ['"b" follows a complete expression', 'write an operator between the two expressions, for example + or &&', 'a ⟦b'],
  [
    '"c" follows a complete expression',
    'write an operator between the two expressions, for example + or &&',
    'a.size() == 2 && a[0] == b ⟦c',
    'a.b ⟦c.d',
  ],
  ['the expression ends before its "(" is closed with ")"', 'add ")"', 'has(a.b⟦', '(a⟦', 'a.map(x, x.y⟦'],
  [
    'an expression begins inside another one',
    'inside ${…} names are written without ${…}: remove the "${" and its "}"',
    'x-⟦${y}',
  ],
  ['names have no "$" in an expression', 'remove the "$"', '⟦$x'],
  ['an expression does not end with ";"', 'remove it', 'a⟦; '],
  ['"#" does not begin a comment in an expression', 'write // before a comment, or remove the "#"', 'a ⟦# b'],
  ['the expression ends before its "[" is closed with "]"', 'add "])"', 'f(a, [b⟦'],
  ['the "(" is closed with "]"', 'write ")"', 'f(a⟦]'],
  ['the "[" is closed with ")"', 'write "]"', '[a⟦)', 'a == "b" ? {"x": [1, 2⟦)} : {}'],
  ['the "[" is not closed before ")"', 'add "]" before ")"', '(a[0⟦)'],
  ['")" has no opening bracket', 'remove it, or write the opening bracket', 'a⟦)', 'a + ⟦)', 'size(a)⟦)'],
  ['"]" has no opening bracket', 'remove it, or write the opening bracket', '⟦]'],
  ['the expression ends before its "{" is closed with "}"', 'add "}"', '{"a": 1⟦'],
  ['a value is expected between "," and ")"', 'write the value that is missing, or remove ","', 'f(a,⟦)'],
  ['a value is expected before ","', 'write the value that is missing, or remove ","', 'f(⟦,a)'],
  ['a value is expected between "," and ","', 'write the value that is missing, or remove ","', 'f(a,⟦,b)'],
  ['a value is expected between "(" and ")"', 'write the value, or remove the brackets', '(⟦)'],
  ['a value is expected between "[" and "]"', 'write an index or a key: a[0], a["key"]', 'a[⟦]'],
  ['CEL has no [*]', 'write list.map(x, x.name) for a field of all items', 'list[⟦*]'],
  [
    'CEL has no slices of lists and strings',
    'write .substring(1, 3) for a string; for a list, read single items: a[1]',
    'a[1⟦:2]',
  ],
  [
    'only one value is allowed between this "(" and ")"',
    'remove the comma; a list is written [a, b], and a call f(a, b)',
    '(a⟦, b)',
  ],
  ['a comma is written outside of a call, a list and a map', 'remove it; a list is written [a, b]', 'a⟦, b'],
  [
    'a map needs a key and a value for each entry',
    'write {"key": value}; a list is written in [ and ]',
    '{"a"⟦, "b"}',
    '{"a"⟦}',
  ],
  ['this ":" is not part of a condition or a map', 'write condition ? a : b, or {"key": value}', 'a⟦: b'],
  ['this condition has no ":": it needs a value for the other case, too', 'write a ? b : the other value', 'a ? b⟦'],
  ['this condition has no ":": it needs a value for the other case, too', 'write condition ? a : b', 'f(a ? b⟦)'],
  [
    'the expression ends where a value is expected, after ":"',
    'write the value that is missing, or remove ":"',
    'a ? b : ⟦',
  ],
  [
    'the expression ends where a value is expected, after "+"',
    'write the value that is missing, or remove "+"',
    'a +⟦',
    '"a" +⟦',
  ],
  ['a value is expected before "=="', 'write the value that is missing, or remove "=="', '⟦== a'],
  ['a value is expected before "*"', 'write the value that is missing, or remove "*"', '⟦* a'],
  [
    'the expression ends where the name of a field is expected',
    'write the name after the ".", or remove the "."',
    'a.⟦',
    'a.`b`.⟦',
    'a.b.⟦',
  ],
  ['there is a "." before "["', 'remove the "."', 'a⟦.[0]'],
  ['a string is written where the name of a field is expected', 'write a["b"]', 'a.⟦"b"'],
  ['"in" is a reserved word of CEL, not the name of a field', 'write a["in"]', 'a.⟦in'],
  ['an index is written in brackets', 'write a[0]', 'a⟦.0.b'],
  ['1Gi is not a number', 'put it in quotes: "1Gi"', '⟦1Gi'],
  ['1.2.3 is not a number', 'put it in quotes: "1.2.3"', '⟦1.2.3'],
  ['1_000 is not a number', 'write 1000', '⟦1_000'],
  ['5m is not a number', 'put it in quotes: "5m"', '⟦5m + 1'],
  [
    'backquotes (`) cannot enclose a string',
    'put the text in quotes, and join values with +: "text" + name',
    '⟦`abc`',
    '⟦`${a}-x`',
  ],
  ['this expression has two pairs of braces', 'write ${a}', '{{ a ⟦}}'],
  ['this expression has two pairs of braces', 'write ${a.b}', '{a.b⟦}'],
  ['this is a character reference of HTML', 'write the character itself: & for &amp;, < for &lt;', 'a ⟦&amp;&amp; b'],
  ['this dash is not a minus', 'write -', 'a ⟦– b'],
  ['"≥" is not an operator', 'write >=', 'a ⟦≥ b'],
  ['"@" has no meaning in an expression', 'remove it', 'a ⟦@ b'],
  [
    'names have only ASCII letters, and "\u0435" (U+0435) is not one',
    'type the ASCII letter "e", which looks the same',
    'sch⟦\u0435ma',
  ],
  [
    'names have only ASCII letters, and "\u03a5" (U+03A5) is not one',
    'type the ASCII letter "Y", which looks the same',
    '⟦\u03a5 + 1',
  ],
  [
    'names have only ASCII letters, and "\u00fc" (U+00FC) is not one',
    'remove it, or write quotes around the string that contains it',
    'a.⟦\u00fc',
  ],
  [
    '"\u20ac" has no meaning in an expression',
    'remove it, or write quotes around the string that contains it',
    'a ⟦\u20ac',
  ],
  ['CEL has no bitwise operators', 'write ! for "not", and != for "either … or"', 'a ⟦^ b'],
  ['CEL has no "for"', 'CEL has no loops: write list.map(x, …)', 'x ⟦for x in list'],
  ['an expression cannot assign a value', 'write == to compare, or only the value', 'a ⟦+= 1'],
  ['a value is expected between "==" and "=="', 'write the value that is missing, or remove "=="', 'a == ⟦== b'],
  [
    'the expression ends where a value is expected, after "in"',
    'write the value that is missing, or remove "in"',
    'a in⟦',
  ],
  ['a value is expected before "in"', 'write the value that is missing, or remove "in"', '⟦in a'],
  ['"!" follows a complete expression', 'write an operator between the two expressions, for example + or &&', 'a ⟦! b'],
  [
    'the expression ends where a value is expected, after "!="',
    'write the value that is missing, or remove "!="',
    'a != ⟦',
  ],
  ['a condition between "?" and ":" needs brackets', 'write a ? (b ? c : d) : e', 'a ? ⟦b ? c : d'],
  ['"2" follows a complete expression', 'write an operator between the two expressions, for example + or &&', '1 ⟦2'],
  [
    '"2" follows a complete expression',
    'write an operator between the two expressions, for example + or &&, or a comma',
    'f(1 ⟦2)',
    '[1 ⟦2]',
  ],
  ['"=~" is not an operator', 'write text.matches("…")', 'a ⟦=~ "x"'],
  [
    'a string in quotes must end on its line',
    String.raw`write \n for a line break, or put the string into """…"""`,
    '⟦"a\nb" + c',
  ],
  ['there is a non-breaking space (U+00A0) here', 'write a plain space', 'a⟦\u00a0== b'],
  [
    'there is an invisible character here',
    'delete it together with the characters next to it, and type those characters again',
    'a⟦\u200b == b',
  ],
  ['there is a space here that is not a plain space', 'write a plain space', 'a⟦\u2003== b'],
  ['the expression is empty', 'write an expression', '⟦', ' ⟦'],
  [
    'CEL has no comments between /* and */',
    'write // before the comment: it ends at the end of the line',
    '"a" + ⟦/* b */ c',
  ],
  [
    'this condition has no ":": it needs a value for the other case, too',
    'write a ? "b" + c : the other value',
    'a ? "b" + c⟦',
  ],
  [
    '"(" follows a complete expression',
    'write an operator between the two expressions, for example + or &&',
    'f(a)⟦(b)',
  ],
];

const CASES = MISTAKES.flatMap(([message, hint, ...marked]) => marked.map((each) => [each, message, hint] as const));

test.each(CASES)('explains the mistake in %s', (marked, message, hint) => {
  expect(explain(marked.replace('⟦', ''))).toEqual([marked, message, hint]);
});

/** Each row: a string, which may have several expressions, with a mark at the mistake; and the message. */
const TEXTS: readonly (readonly [marked: string, message: string])[] = [
  ['x-${schema.spec.name +⟦}-y', 'the expression ends where a value is expected, after "+"'],
  ['${schema.spec.name}-${schema.spec.name ⟦& "a"}', '"&" is not an operator'],
  ['${⟦}-${schema.spec.name}', 'the expression is empty'],
  ['a ${schema.spec.name⟦)} b', '")" has no opening bracket'],
  ['a ${size(schema.spec.name⟦} b', 'the expression ends before its "(" is closed with ")"'],
];

test.each(TEXTS)('reports the position of the mistake in the string %s', (marked, message) => {
  const source = DEFINITION.replace('VALUE', `'${marked.replace('⟦', '')}'`);
  const { documents } = parseDefinitions(source, 'x.yaml');
  const [document] = documents;
  if (document === undefined) throw new Error('the definition has no document');
  const { diagnostics } = compile(document, { sources: builtinSource() });
  const [{ line = 0, column = 0 } = {}] = diagnostics.map((each) => each.source);
  const text = source.split('\n')[line - 1] ?? '';
  expect([
    diagnostics.length,
    diagnostics[0]?.message,
    `${text.slice(0, column - 1)}⟦${text.slice(column - 1)}`,
  ]).toEqual([1, message, `      data: {a: '${marked}'}`]);
});
