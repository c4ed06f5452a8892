import { expect, test } from 'vitest';
import { stringifyJson } from '@typekro/kit/core';
import { PLAYGROUND_EXAMPLES } from './examples.ts';
import type { PlaygroundInput } from './input.ts';
import { runPlayground } from './run-playground.ts';

const NOW = Date.UTC(2026, 0, 1);
const [WEB, WORKERS, COMPOSITION] = PLAYGROUND_EXAMPLES as unknown as readonly [
  PlaygroundInput,
  PlaygroundInput,
  PlaygroundInput,
];

const run = (input: PlaygroundInput) => runPlayground(input, NOW);
const titles = (input: PlaygroundInput): string[] => run(input).steps.map(({ title }) => title);

test.each(PLAYGROUND_EXAMPLES.map((example) => [example.name, example] as const))(
  'the example "%s" becomes ready without a problem',
  (_, example) => {
    const { problems, steps, ended } = run(example);
    expect(problems).toEqual([]);
    expect(ended).toBeUndefined();
    expect(steps[0]?.state).not.toBe('ACTIVE');
    expect(steps.at(-1)?.state).toBe('ACTIVE');
    expect(steps.at(-1)?.nodes.map(({ state }) => state)).not.toContain('waiting');
  },
);

test('the steps of a graph follow its dependencies', () => {
  expect(titles(WEB)).toMatchInlineSnapshot(`
    [
      "Nothing exists",
      "Creates ConfigMap shop",
      "Creates Deployment shop",
      "Status of Deployment shop",
      "Creates Service shop",
      "Creates Ingress shop",
      "Status of Ingress shop",
    ]
  `);
});

test('a node waits until the observed values that the user enters satisfy its condition', () => {
  const { steps } = run({ ...WEB, observed: 'deployment:\n  status:\n    availableReplicas: 1\n' });
  const last = steps.at(-1);
  expect(last?.state).toBe('IN_PROGRESS');
  expect(last?.nodes.find(({ id }) => id === 'deployment')).toMatchObject({ state: 'waiting' });
});

test('an excluded node is skipped', () => {
  const { steps } = run({ ...WEB, spec: 'name: shop\n' });
  expect(steps.at(-1)?.nodes.find(({ id }) => id === 'ingress')?.state).toBe('skipped');
  expect(steps.at(-1)?.objects.map(({ node }) => node)).not.toContain('ingress');
});

test('a collection has an object for each element, and waits for the external object that it reads', () => {
  const { steps } = run(WORKERS);
  expect(steps.at(-1)?.objects.filter(({ node, exists }) => node === 'worker' && exists)).toHaveLength(3);
  expect(
    run(WORKERS)
      .steps.at(-1)
      ?.edges.find(({ from, to }) => from === 'settings' && to === 'worker')?.reads,
  ).toMatchObject([{ values: [{ is: 'known', value: 'worker:1.4' }] }]);
  const without = run({ ...WORKERS, observed: '' });
  expect(without.steps.at(-1)?.nodes.find(({ id }) => id === 'settings')?.state).toBe('waiting');
});

test.each<[string, PlaygroundInput, step: number, node: string, place: string, type: string, value: object]>([
  ['a value of the spec', WEB, 0, 'deployment', 'spec.replicas', 'int', { is: 'known', value: 3 }],
  [
    'a text that contains a value',
    WEB,
    0,
    'config',
    'data.greeting',
    'string',
    { is: 'known', value: 'Hello from shop' },
  ],
  [
    'a condition for the inclusion of a node',
    WEB,
    0,
    'ingress',
    'includeWhen[0]',
    'bool',
    { is: 'known', value: true },
  ],
  ['a condition on an object that does not exist yet', WEB, 0, 'deployment', 'readyWhen[0]', 'bool', { is: 'unknown' }],
  ['a condition that holds', WEB, -1, 'deployment', 'readyWhen[0]', 'bool', { is: 'known', value: true }],
  ['a list', WORKERS, 0, 'worker', 'forEach.queue', 'list(string)', { is: 'known' }],
  ['a value for each object', WORKERS, -1, 'worker', 'metadata.name', 'string', { is: 'unknown' }],
  ['a field of the status', WEB, -1, 'status', 'available', 'int', { is: 'known', value: 3 }],
])('the expressions of a step include %s', (_, input, step, id, place, type, value) => {
  const values = run(input)
    .steps.at(step)
    ?.values.find(({ node }) => node === id);
  expect(values?.expressions.find((each) => each.place === place)).toMatchObject({ type, value });
});

test('a composition yields its definition and its status', () => {
  const { definition, steps } = run(COMPOSITION);
  expect(definition?.object['kind']).toBe('ResourceGraphDefinition');
  expect(steps.at(-1)?.status).toMatchObject({ ready: true, url: 'https://shop.example.com' });
});

test.each<[string, Partial<PlaygroundInput>, object]>([
  ['a mistake of YAML', { source: 'a: [' }, { text: 'source', source: { line: 1 } }],
  ['no definition', { source: 'a: 1' }, { text: 'source', code: 'playground/no-definition' }],
  [
    'an unknown field of a kind',
    { source: WEB.source.replace('replicas: ${schema', 'replica: ${schema') },
    { text: 'source', severity: 'error', source: { line: 35, column: 11 } },
  ],
  ['a spec without a required field', { spec: 'replicas: 2\n' }, { text: 'spec' }],
  [
    'a value of the wrong type',
    { spec: 'name: a\nreplicas: many\n' },
    { text: 'spec', source: { line: 2, column: 11 } },
  ],
  ['a value out of range', { spec: 'name: a\nreplicas: 11\n' }, { text: 'spec', source: { line: 2 } }],
  ['a spec that is a list', { spec: '- a\n' }, { text: 'spec', code: 'playground/not-a-map' }],
  [
    'a second document of a spec',
    { spec: 'name: a\n---\nname: b\n' },
    { text: 'spec', code: 'playground/further-document', source: { line: 3 } },
  ],
  [
    'an observed node that does not exist',
    { observed: '\nnope: {}\n' },
    { text: 'observed', source: { line: 2, column: 1 } },
  ],
])('the problem is reported at its place: %s', (_, change, problem) => {
  expect(run({ ...WEB, ...change }).problems).toContainEqual(expect.objectContaining(wholePlace(problem)));
});

/** Returns a matcher that ignores those members of the position that the expected problem does not list. */
function wholePlace(problem: object): object {
  const { source, ...rest } = problem as { source?: object };
  return source === undefined ? rest : { ...rest, source: expect.objectContaining(source) as unknown };
}

test.each<[string, string, RegExp]>([
  ['a module of Node', "import { readFileSync } from 'node:fs';", /node:fs cannot be imported/],
  ['a library', "import { type } from 'arktype';", /arktype cannot be imported/],
  ['a dynamic import', "const a = import('typekro');", /async/],
  ['the network', "fetch('https://example.com');", /fetch is not available/],
  ['the global object', 'globalThis.fetch;', /globalThis is not available/],
  ['the page', 'self.postMessage(1);', /self is not available|self is not declared/],
  ['a function from a text', "const f = Function('return this');", /Function is not available/],
  ['an evaluated text', "eval('1');", /eval is not available/],
])('a source that uses %s is refused at the line of the use', (_, source, message) => {
  const { problems, definition } = run({ ...COMPOSITION, source });
  expect(definition).toBeUndefined();
  expect(problems[0]?.message).toMatch(message);
  expect(problems[0]?.source).toMatchObject({ line: 1 });
});

test('an error in a composition has its line in the TypeScript source', () => {
  const { problems } = run({
    ...COMPOSITION,
    source: COMPOSITION.source
      .replace('spec.replicas;', 'spec.x;')
      .replace('replicas: spec.replicas', 'replicas: spec.nothing'),
  });
  expect(problems[0]).toMatchObject({ text: 'source', severity: 'error', source: { line: 28 } });
});

test('the result is plain data, which a worker can send', () => {
  expect(structuredClone(run(WEB))).toEqual(run(WEB));
  expect(() => stringifyJson(run(WEB) as never)).not.toThrow();
});

test.each([
  ['YAML', { ...WEB, language: 'typescript' as const }, 'this is YAML, and the chosen language is TypeScript'],
  ['TypeScript', { ...COMPOSITION, language: 'yaml' as const }, 'this is TypeScript, and the chosen language is YAML'],
])('a source in %s has only one problem while the other language is chosen', (_language, input, message) => {
  expect(run(input).problems).toMatchObject([{ code: 'playground/language', message, text: 'source' }]);
});

test('a source with a syntax error in the chosen language has this error, and no problem about the chosen language', () => {
  const broken = { ...COMPOSITION, source: COMPOSITION.source.replace('=>', '= >') };
  expect(run(broken).problems).toMatchObject([{ code: 'playground/syntax' }]);
  expect(run({ ...WEB, source: `${WEB.source}  x: [` }).problems.map(({ code }) => code)).toContain('yaml/syntax');
});

test.each(['fetch("x");', 'setTimeout(() => {}, 1);', 'setInterval(() => {}, 1);', 'new WebSocket("x");'])(
  '%s: the hint says that the playground has no network and no timers',
  (line) => {
    const [problem] = run({ ...COMPOSITION, source: `${COMPOSITION.source}\n${line}` }).problems;
    expect(problem?.hint).toMatch(/^the playground has no network and no timers/);
  },
);
