import { expect, test } from 'vitest';
import { parseDefinitions } from '../parse-definitions.ts';

const problemOf = (line: string): string => {
  const { diagnostics } = parseDefinitions(`spec:\n  data: ${line}\n`, 'a.yaml');
  return diagnostics.map(({ message, source, hint }) => `${source?.column}: ${message} (${hint})`).join('\n');
};
const ended = (bracket: string, column: number, hint: string): string =>
  `${column}: inside of { } and [ ], the "${bracket}" ends this text, which has no quotes (${hint})`;

test.each([
  ['{a: tag[7]}', ended('[', 13, 'put it into quotes: "tag[7]"')],
  ['{ name: x, image: nginx:tag[7] }', ended('[', 27, 'put it into quotes: "nginx:tag[7]"')],
  ['{a: ${schema.spec.tag[7]}}', ended('{', 13, 'put it into quotes: "${schema.spec.tag[7]}"')],
  [`{a: \${schema.spec.m["k"]}, b: 1}`, ended('{', 13, `put it into quotes: '\${schema.spec.m["k"]}'`)],
  ['[ a, tag[7]]', ended('[', 14, 'put it into quotes: "tag[7]"')],
  ['{ zones: []string, name: string }', ended('[', 18, 'put it into quotes: "[]string"')],
  ['{a: {b: 1, tag[7]: x}}', ended('[', 20, 'put it into quotes: "tag[7]"')],
  ['{ a: 1,\n      b: tag[7] }', ended('[', 10, 'put it into quotes: "tag[7]"')],
  [
    '{schema.spec.tag[7]}',
    ended('[', 10, '{…} without $ is a map of YAML; an expression begins with $: write "${schema.spec.tag[7]}"'),
  ],
])('reports a bracket in a plain scalar: %s', (line, problem) => {
  expect(problemOf(line)).toBe(problem);
});

test.each([
  ['{ a: [b, c }', /this "\[" is never closed/],
  ['{ a: { b: [c] }', /this "\{" is never closed/],
])('a bracket that is never closed is reported as such: %s', (line, problem) => {
  expect(problemOf(line)).toMatch(problem);
});

test.each(['{ a: [b, c], d: {e: f} }', '{a: "tag[7]"}', 'tag[7]', '{a: []}', '[[a], [b]]', `{a: '\${x}'}`])(
  'valid YAML has no problem: %s',
  (line) => {
    expect(problemOf(line)).toBe('');
  },
);

test.each([
  ['[]string', '"[]string"'],
  ['[]string | enum="a,b" # of zones', '\'[]string | enum="a,b"\''],
  ['[][]integer', '"[][]integer"'],
])('reports a list type without quotes: %s', (type, quoted) =>
  expect(problemOf(type)).toBe(
    `9: a value that begins with [ is a list of YAML, which ends at the ] (put the type into quotes: ${quoted})`,
  ),
);

const JSONNET =
  'this is Jsonnet, not YAML; render it, as in `jsonnet app.jsonnet > app.json`, and pass the resulting file';

test.each([
  ['a definition', 'local k = import "k.libsonnet";\n{\n  a: 1,\n}\n', `1:1 ${JSONNET}`],
  ['an import after comments', '# a\n// b\n(import "k.libsonnet") + {\n  a: 1,\n}\n', `3:1 ${JSONNET}`],
  [
    'a shell script in YAML, which is not Jsonnet',
    'a: |\n  local k=1\nb: "x\n',
    '3:4 this quote is never closed; add " at the end of the text',
  ],
])('the first problem names Jsonnet exactly when the text is Jsonnet: %s', (_, text, expected) => {
  const [first] = parseDefinitions(text, 'a.yaml').diagnostics;
  expect(`${first?.source?.line}:${first?.source?.column} ${first?.message}; ${first?.hint}`).toBe(expected);
});
