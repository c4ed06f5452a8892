import * as fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { jsonEquals } from '@typekro/kit/core';
import { compile, parseDefinitions } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { formatDefinitions } from './format-definition.ts';
import { formatExpression } from './format-expression.ts';

describe('an expression', () => {
  test.each([
    ['a+b', 'a + b'],
    ['( a ) ', 'a'],
    ['(a && b) || c', 'a && b || c'],
    ["a  ==  'x'", "a == 'x'"],
    ['a == "x"?1:2', 'a == "x" ? 1 : 2'],
    ['[ 1,2 ].map( x,x*2 )', '[1, 2].map(x, x * 2)'],
    ['r"\\d"+a', 'r"\\d" + a'],
    ['0x10+1', '0x10 + 1'],
    ['a.?b.orValue( {} )', 'a.?b.orValue({})'],
    ['(a || b) && c', '(a || b) && c'],
  ])('%s becomes %s', (cel, expected) => {
    expect(formatExpression(cel)).toBe(expected);
    expect(formatExpression(expected)).toBe(expected);
  });

  test.each(['a +', 'a // why', 'a +\n b', ''])('%j is not changed', (cel) => {
    expect(formatExpression(cel)).toBe(cel);
  });
});

const HEAD = 'apiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\nmetadata:\n  name: a\n';

describe('a definition', () => {
  test('gets its keys in the usual order, with their comments, and its expressions keep their quotes', () => {
    const text = `# about the file
kind: ResourceGraphDefinition
# which version
apiVersion: kro.run/v1alpha1

spec:
  # what is made
  resources:
    # the first
    - template:
        kind: ConfigMap
        metadata:
          labels: { b: x, a: y }
          name: "\${schema.spec.name+'-x'}"   # its name
        apiVersion: v1
        data:
          text: |
            kept:   as it is
            \${ schema.spec.name }
      # when
      includeWhen:
        - \${ schema.spec.on&&true }
      id: first
  schema:
    kind: App
    spec:
      zebra: string
      name: string
      on: boolean
    apiVersion: v1
metadata: { name: app }`;
    const formatted = formatDefinitions(text);
    expect(formatted).toMatchInlineSnapshot(`
      "# about the file
      # which version
      apiVersion: kro.run/v1alpha1
      kind: ResourceGraphDefinition
      metadata: { name: app }

      spec:
        schema:
          apiVersion: v1
          kind: App
          spec:
            zebra: string
            name: string
            on: boolean
        # what is made
        resources:
          # the first
          - id: first
            # when
            includeWhen:
              - \${schema.spec.on && true}
            template:
              apiVersion: v1
              kind: ConfigMap
              metadata:
                name: "\${schema.spec.name + '-x'}"   # its name
                labels: { b: x, a: y }
              data:
                text: |
                  kept:   as it is
                  \${schema.spec.name}
      "
    `);
    expect(formatDefinitions(formatted)).toBe(formatted);
  });

  test('a Graph and its subgraphs are formatted as a definition is', () => {
    const text = `kind: Graph
apiVersion: kro.run/v1alpha1
spec:
  nodes:
    - graph:
        nodes:
          - template:
              metadata: { name: "\${naming.app+'-x'}" }
              kind: ConfigMap
              apiVersion: v1
            id: inner
      id: outer
    - ref:
        kind: Secret
        apiVersion: v1
      id: read
  serviceAccountName: deployer
metadata: { name: g }
`;
    const formatted = formatDefinitions(text);
    expect(formatted).toMatchInlineSnapshot(`
      "apiVersion: kro.run/v1alpha1
      kind: Graph
      metadata: { name: g }
      spec:
        serviceAccountName: deployer
        nodes:
          - id: outer
            graph:
              nodes:
                - id: inner
                  template:
                    apiVersion: v1
                    kind: ConfigMap
                    metadata: { name: "\${naming.app + '-x'}" }
          - id: read
            ref:
              apiVersion: v1
              kind: Secret
      "
    `);
    expect(formatDefinitions(formatted)).toBe(formatted);
  });

  test.each([
    ['keys in braces', `${HEAD}spec: { resources: [], schema: { kind: A, apiVersion: v1 } }\n`],
    [
      'anchors',
      'kind: ResourceGraphDefinition\napiVersion: kro.run/v1alpha1\nmetadata: &m\n  name: a\nspec:\n  x: *m\n',
    ],
    [
      'a comment above a key that would follow a dash',
      `${HEAD}spec:\n  resources:\n    - template: 1\n      # c\n      id: a\n`,
    ],
    ['another kind', 'kind: ConfigMap\napiVersion: v1\nmetadata: { name: a }\ndata: { a: "${ x+y }" }\n'],
  ])('is not changed if it has %s', (_name, text) => {
    expect(formatDefinitions(text)).toBe(text);
  });

  test('keeps an expression whose formatted text would change the meaning of the YAML, and has all others formatted', () => {
    const entries = (add: string, choice: string) =>
      `${HEAD}spec:\n  a: \${${choice}}\n  b: \${x${add}y}\n  c: "\${x${add}z} \${x${add}z}"\n  d: \${${choice}}\n  e: \${y${add}z}\n`;
    expect(formatDefinitions(entries('+', 'x?1:2'))).toBe(entries(' + ', 'x?1:2'));
  });

  test('keeps both members if a key occurs twice, and gets its keys in the usual order elsewhere', () => {
    const text =
      'spec: {}\napiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\nmetadata:\n  name: a\n  name: b\n';
    const formatted = formatDefinitions(text);
    expect(formatted.match(/name: [ab]/g)).toEqual(['name: a', 'name: b']);
    expect(formatted).toMatch(/^apiVersion/);
  });

  const many = (count: number, line: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => line(index)).join('');
  const DATA = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata:\n';
  test.each<[string, number, (count: number) => string]>([
    ['anchors', 500, (count) => `${HEAD}spec:\n${many(count, (i) => `  a${i}: &a${i} v\n  b${i}: *a${i}\n`)}`],
    ['aliases', 200, (count) => `${HEAD}spec:\n  a: &a v\n${many(count, (i) => `  b${i}: *a\n`)}`],
    ['keys', 2000, (count) => `${DATA}${many(count, (index) => `  k${index}: v\n`)}`],
    ['blank lines', 8000, (count) => `${DATA}  a: |\n${'    \n'.repeat(count)}    x\n`],
    ['blank lines of Windows', 8000, (count) => `${DATA}  a: |\r\n${'    \r\n'.repeat(count)}    x\r\n`],
    ['expressions in one string', 6000, (count) => `${HEAD}spec: "${many(count, (index) => `\${a${index}+b}`)}"\n`],
    ['refused expressions', 200, (count) => `${HEAD}spec:\n${many(count, (i) => `  k${i}: \${x?1:2}\n`)}`],
  ])('with many %s takes time in proportion to their number', (_name, count, textOf) => {
    const timeOf = (text: string, times: number): number => {
      const began = process.cpuUsage();
      for (let time = 0; time < times; time += 1) formatDefinitions(text);
      return process.cpuUsage(began).user;
    };
    timeOf(textOf(10 * count), 1);
    // Ten short texts take about as long as one of ten times the length; a comparison of all with all takes ten times that.
    expect(timeOf(textOf(10 * count), 1) / timeOf(textOf(count), 10)).toBeLessThan(5);
  });

  test('is formatted without changes to other documents of the file', () => {
    const other = 'kind: ConfigMap\napiVersion: v1\nmetadata: { name: a }\n---\n';
    const text = `${other}kind: ResourceGraphDefinition\napiVersion: kro.run/v1alpha1\nmetadata: { name: a }\n`;
    expect(formatDefinitions(text)).toBe(
      `${other}apiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\nmetadata: { name: a }\n`,
    );
  });
});

const examples = ['../../../../examples/', '../../../../examples/golden/'].flatMap((folder) => {
  const url = new URL(folder, import.meta.url);
  return readdirSync(url)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => [name, readFileSync(new URL(name, url), 'utf8')] as const);
});

const comments = (text: string): string[] => (text.match(/(?:^|\s)#.*/g) ?? []).map((line) => line.trim()).sort();

function isSameGraph(before: string, after: string): boolean {
  const [one, other] = [before, after].map((text) =>
    parseDefinitions(text).documents.map((document) =>
      compile(document, { sources: builtinSource(), target: 'typekro', features: { omit: true, now: true } }),
    ),
  );
  return (one ?? []).every(({ graph, diagnostics }, index) => {
    const second = other?.[index];
    const codes = (found: typeof diagnostics): string[] => found.map(({ code }) => code).sort();
    return (
      graph?.order.join() === second?.graph?.order.join() &&
      jsonEquals(codes(diagnostics), codes(second?.diagnostics ?? []))
    );
  });
}

test.each(examples)('%s has the same meaning after formatting, and formatting again changes nothing', (_name, text) => {
  const formatted = formatDefinitions(text);
  expect(formatDefinitions(formatted)).toBe(formatted);
  expect(comments(formatted)).toEqual(comments(text));
  expect(isSameGraph(text, formatted)).toBe(true);
});

/** The lines of a map in any order, with comments and blank lines between them. */
const shuffled = (entries: readonly string[]): fc.Arbitrary<string> =>
  fc
    .record({
      order: fc.shuffledSubarray([...entries], { minLength: entries.length }),
      above: fc.array(fc.constantFrom('', '# one\n', '\n', '# two\n\n', '\n# three\n'), {
        minLength: entries.length,
        maxLength: entries.length,
      }),
    })
    .map(({ order, above }) => order.map((entry, index) => `${above[index] ?? ''}${entry}`).join(''));

const indented = (text: string, by: number): string => text.replaceAll(/^(?=.)/gm, ' '.repeat(by));

const template = shuffled([
  'apiVersion: v1\n',
  'kind: ConfigMap\n',
  'metadata:\n  namespace: x # where\n  name: "${ schema.spec.name }"\n',
  'data:\n  a: |\n    # no comment\n    x\n',
]);
const resource = template.chain((text) =>
  shuffled([
    'id: one\n',
    `template:\n${indented(text, 2)}`,
    "includeWhen: ['${schema.spec.name=='' || true}']\n",
    'readyWhen:\n- ${one.metadata.uid!=""}\n',
  ]),
);
const definition = fc
  .tuple(resource, shuffled(['kind: App\n', 'apiVersion: v1alpha1\n', 'spec: { name: string }\n']))
  .chain(([inner, schema]) =>
    shuffled([
      'apiVersion: kro.run/v1alpha1\n',
      'kind: ResourceGraphDefinition\n',
      'metadata: { name: app }\n',
      `spec:\n  resources:\n  -   ${indented(inner, 6).trimStart()}  schema:\n${indented(schema, 4)}`,
    ]),
  );

test('for any order of keys, comments and blank lines, formatting keeps objects and comments, and is idempotent', () => {
  fc.assert(
    fc.property(definition, (text) => {
      const formatted = formatDefinitions(text);
      expect(formatDefinitions(formatted)).toBe(formatted);
      expect(comments(formatted)).toEqual(comments(text));
      expect(isSameGraph(text, formatted)).toBe(true);
      expect(formatDefinitions(withCrLf(text))).toBe(withCrLf(formatted));
    }),
    { numRuns: 40 },
  );
});

/** The line ends of Windows. */
const withCrLf = (text: string): string => text.replaceAll('\n', '\r\n');

test('Windows line ends are kept, even if the last line has no line end', () => {
  const text = `kind: ResourceGraphDefinition\n\n# c\nmetadata: { name: a }\n\napiVersion: kro.run/v1alpha1`;
  const formatted = formatDefinitions(text);
  expect(formatted).toMatch(/^apiVersion: /);
  expect(formatDefinitions(withCrLf(text))).toBe(withCrLf(formatted));
});
