import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ClientAnswer, type McpClient, Client, InMemoryTransport } from '../../test-support/mcp-client.ts';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { mapResource, pot, potDefinition, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import { type JsonObject, printable } from '@typekro/kit/core';
import { loadMcpSdk, mcpSdkImporters } from './sdk.ts';
import { createMcpServer } from './mcp-server.ts';
import { MCP_TOOLS } from './tools.ts';

const bigDefinition = (fields: string): string => `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: bigs}
spec:
  schema: {apiVersion: v1, kind: Big, group: acme.test, spec: ${fields}}
  resources: []
`;

const LONG = 'n'.repeat(300);

const parent = mkdtempSync(join(tmpdir(), 'typekro-mcp-'));
let root: string;
let world: VirtualWorld;
let client: McpClient;

const definition = potDefinition([mapResource('map', { text: '${schema.spec.text}' })]);
const broken = potDefinition([mapResource('map', { text: '${schema.spec.txt}' })]);

beforeAll(async () => {
  root = join(parent, 'graphs');
  mkdirSync(join(root, 'more'), { recursive: true });
  const write = (name: string, value: unknown): void => writeFileSync(join(parent, name), JSON.stringify(value));
  write('graphs/pots.json', definition);
  write('graphs/broken.json', broken);
  write('graphs/shop.json', pot('shop', { text: 'new' }));
  const fields = '{small: integer | default=7, big: integer | default=-9007199254740993}';
  writeFileSync(join(root, 'big.yaml'), bigDefinition(fields));
  write('outside.json', definition);
  writeFileSync(join(root, 'app.ts'), 'throw new Error("it ran")');
  symlinkSync(join(parent, 'outside.json'), join(root, 'link.json'));
  symlinkSync(parent, join(root, 'up'));
  symlinkSync('circle', join(root, 'circle'));
  symlinkSync(join(root, 'pots.json'), join(root, 'more/inside.json'));
  world = await virtualWorld();
  const { kubeconfig } = await world.cluster.listen({ port: 0 });
  writeFileSync(join(parent, 'kubeconfig'), kubeconfig);
  await world.apply(definition);
  await world.advance(2000);
  await world.apply(pot('shop'));
  await world.advance(2000);

  const context = {
    cwd: root,
    env: {},
    print: () => {},
    printError: () => {},
    readInput: () => Promise.resolve(''),
    signal: new AbortController().signal,
  };
  const limits = { root, modules: false, cluster: { kubeconfig: join(parent, 'kubeconfig') } };
  const server = createMcpServer(loadMcpSdk(mcpSdkImporters(root)), context, limits, '1.2.3');
  const [near, far] = InMemoryTransport.createLinkedPair();
  await server.connect(far);
  client = new Client({ name: 'test', version: '1' });
  await client.connect(near);
});
afterAll(async () => {
  await client.close();
  await world.close();
});

const call = (name: string, args: unknown): Promise<ClientAnswer> => client.callTool({ name, arguments: args });
const textOf = ({ content }: ClientAnswer): string => content.map(({ text }) => text).join('\n');

test('the server reports its name and its tools', async () => {
  expect(client.getServerVersion()).toEqual({ name: 'typekro', version: '1.2.3' });
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(['validate', 'render', 'plan', 'why', 'tree', 'explain']);
  for (const { annotations } of tools) expect(annotations).toMatchObject({ readOnlyHint: true });
});

test('validate: accepts a valid definition, as a file or as text', async () => {
  const expected = {
    content: [{ type: 'text', text: 'pots: Pot, 1 resource in the order map' }],
    structuredContent: { exitCode: 0 },
  };
  expect(await call('validate', { files: ['pots.json'] })).toEqual(expected);
  expect(await call('validate', { text: JSON.stringify(definition) })).toEqual(expected);
  expect(await call('validate', { files: ['more/inside.json'] })).toEqual(expected);
});

test('validate: reports problems with code, place and remedy', async () => {
  const answer = await call('validate', { files: ['broken.json'] });
  expect(answer.isError).toBe(true);
  expect(textOf(answer)).toMatch(/broken\.json:1:\d+: error: .*txt/);
  expect(answer.structuredContent).toMatchObject({
    exitCode: 3,
    diagnostics: [{ severity: 'error', source: { file: 'broken.json', line: 1 } }],
  });
});

test('render: returns objects with their values, as text and as data', async () => {
  const answer = await call('render', { files: ['pots.json'], values: { text: 'red' }, name: 'shop' });
  expect(textOf(answer)).toMatchInlineSnapshot(`
    "# map (ConfigMap): applying, creates its object
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: shop-map
      namespace: default
    data:
      text: red
    # status of Pot default/shop:
    #   state: IN_PROGRESS"
  `);
  expect(answer.structuredContent).toMatchObject({
    exitCode: 0,
    report: {
      schemaVersion: 1,
      instances: [{ definition: 'pots', nodes: [{ id: 'map', objects: [{ object: { data: { text: 'red' } } }] }] }],
    },
  });
});

test.each([
  ['render', { files: ['pots.json'], values: { text: '\u001b[2J\u202e\u{e0041}\u200b' }, name: 'shop' }],
  ['validate', { files: ['no\u202e\u001b[2J\u{e0041}.yaml'] }],
  ['validate', { text: '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, "a\\u202e\u{e0041}": "\u200b"}' }],
  ['no\u{e0041}', {}],
])('%s: no answer has characters that a person cannot see', async (name, args) => {
  const answer = await call(name, args);
  const strings = (value: unknown): string[] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, each]) => [key, ...strings(each)])
      : [String(value)];
  const texts = strings([answer.content, answer.structuredContent ?? {}]);
  expect(texts.join()).toMatch(/\\u202e|\\udb40/);
  expect(texts.filter((text) => printable(text) !== text)).toEqual([]);
});

test('integers beyond the range of JavaScript numbers are strings of digits', async () => {
  const { structuredContent } = await call('explain', { subject: 'big.yaml', path: 'spec' });
  const text = JSON.stringify(structuredContent);
  expect(text).toContain('"-9007199254740993"');
  expect(text).toMatch(/"default":7\b/);
});

test('plan: reports the changes, and writes nothing', async () => {
  const before = world.log.length;
  const answer = await call('plan', { files: ['shop.json'] });
  expect(textOf(answer)).toContain('data.text  "x" → "new"');
  expect(answer.structuredContent).toMatchObject({ exitCode: 0, report: { schemaVersion: 1, operation: 'apply' } });
  await world.settle();
  expect(world.log.length).toBe(before);
  expect(readdirSync(root).filter((name) => name.startsWith('plan-'))).toEqual([]);
});

test('plan with a snapshot reads no cluster', async () => {
  const answer = await call('plan', { files: ['shop.json'], snapshot: 'none.json' });
  // This server was started with a kubeconfig. The command `plan` would refuse a kubeconfig together with a snapshot.
  expect(textOf(answer)).toContain('none.json');
  expect(answer.structuredContent).toMatchObject({ error: { code: 'input/not-found' } });
});

test('why and tree: describe an instance of the cluster', async () => {
  expect(textOf(await call('why', { instance: 'shop' }))).toMatch(/^Pot default\/shop +ACTIVE/);
  const tree = await call('tree', { instance: 'default/shop' });
  expect(textOf(tree)).toContain('map  ConfigMap default/shop-map');
  expect(tree.structuredContent).toMatchObject({ report: { state: 'ACTIVE', nodes: [{ id: 'map', state: 'ready' }] } });
  const missing = await call('tree', { instance: 'shp' });
  expect(missing.isError).toBe(true);
  expect(textOf(missing)).toContain('did you mean');
  expect(missing.structuredContent).toMatchObject({ error: { code: 'cli/no-instance' } });
});

test('explain: describes a code, and a field of a definition or of a kind', async () => {
  expect(textOf(await call('explain', { subject: 'pots.json', path: 'spec.text' }))).toMatch(/^spec\.text {2}string/);
  expect(textOf(await call('explain', { subject: 'pots.json.spec', path: 'text' }))).toMatch(/^spec\.text {2}string/);
  expect(textOf(await call('explain', { subject: 'Deployment.spec.replicas' }))).toMatch(/^spec\.replicas {2}integer/);
  expect(textOf(await call('explain', { subject: 'graph/cycle' }))).toMatch(/^graph\/cycle {2}error/);
});

test.each([
  ['a path above the root', 'validate', { files: ['../outside.json'] }, /\.\.\/outside\.json is outside of /],
  ['an absolute path', 'validate', { files: ['/etc/passwd'] }, /\/etc\/passwd is outside of /],
  ['a symbolic link to a path outside of the root', 'validate', { files: ['link.json'] }, /link\.json is outside of /],
  ['a folder that leads out of the root', 'validate', { files: ['up/outside.json'] }, /is outside of /],
  ['a missing file outside of the root', 'validate', { files: ['../none/a.yaml'] }, /is outside of /],
  ['a folder of CRDs outside of the root', 'validate', { files: ['pots.json'], crds: ['..'] }, /is outside of /],
  [
    'a file of observed objects outside of the root',
    'render',
    { files: ['pots.json'], observed: ['../outside.json'] },
    /is outside of /,
  ],
  ...[2 ** 60, -Infinity].map((text): [string, string, object, RegExp] => [
    `a number that was rounded to ${text}`,
    'render',
    { files: ['pots.json'], values: { list: [{ text }] } },
    /the number at values\.list\[0\]\.text is beyond 2\^53.*name the file in "files"/,
  ]),
  ['a snapshot outside of the root', 'plan', { files: ['pots.json'], snapshot: '../outside.json' }, /is outside of /],
  ['a subject outside of the root', 'explain', { subject: '../outside.json' }, /is outside of /],
  [
    'a subject outside of the root, with a field path',
    'explain',
    { subject: '../outside.json.spec' },
    /is outside of /,
  ],
  ['a module as the subject', 'explain', { subject: 'app.ts' }, /app\.ts is a module, whose code would run/],
  ['a module with a field path', 'explain', { subject: 'app.ts.spec' }, /app\.ts is a module, whose code would run/],
  ['the standard input with a field path', 'explain', { subject: '-.spec' }, /- is not a file/],
  ['a folder as the subject', 'explain', { subject: '..' }, /is outside of /],
  ['a long subject', 'explain', { subject: LONG }, /there is no file, kind or code n+/],
  ['a long file as the subject', 'explain', { subject: `${LONG}.yaml` }, /cannot be read: ENAMETOOLONG/],
  ['a long file', 'validate', { files: [`${LONG}.yaml`] }, /cannot be read: ENAMETOOLONG/],
  ['a circle of links', 'explain', { subject: 'circle' }, /there is no file, kind or code circle/],
  ['a name with a NUL', 'validate', { files: ['a\u0000.yaml'] }, /must match pattern/],
  ['the standard input', 'validate', { files: ['-'] }, /- is not a file/],
  ['a module', 'validate', { files: ['app.ts'] }, /app\.ts is a module, whose code would run/],
  ['a name in place of a list', 'validate', { files: 'pots.json' }, /must be array/],
  ['a number in place of a name', 'validate', { files: [7] }, /must be string/],
  ['a call without arguments', 'validate', {}, /exactly one of files and text is needed/],
  ['a call without a required argument', 'why', {}, /required property 'instance'/],
  ['an unknown argument', 'plan', { files: ['pots.json'], save: true }, /additional properties/],
  ['a list of 300 files', 'validate', { files: Array.from({ length: 300 }, () => 'pots.json') }, /more than 200/],
  ['a long name', 'tree', { instance: 'x'.repeat(10_000) }, /more than 4096/],
  ['an option in place of a name', 'tree', { instance: '--output' }, /no instance|instance/],
  ['an unknown tool', 'apply', {}, /there is no tool apply; known tools: \w+, /],
  ['a tool with the name of a property of Object.prototype', 'constructor', {}, /there is no tool constructor/],
  ['text that is not YAML', 'validate', { text: '{{' }, /error: /],
  [
    'text whose aliases expand to a huge value',
    'validate',
    { text: `a: &a [x, x]\nb: &b [*a, *a]\nc: [${'*b, '.repeat(15_000)}]` },
    /error: the aliases expand to more than 100000 values/,
  ],
])('%s is refused', async (_what, name, args, text) => {
  const answer = await call(name, args);
  expect(answer.isError).toBe(true);
  expect(textOf(answer)).toMatch(text);
});

test.each(['./-', 'more/../-', 'to-dash'])('%s is a file with the name -, and not the standard input', (name) => {
  writeFileSync(join(root, '-'), '');
  symlinkSync('-', join(root, 'to-dash'));
  try {
    const limits = { root, modules: false, cluster: {} };
    const inputOf = (tool: string, args: JsonObject) =>
      MCP_TOOLS.find((each) => each.name === tool)?.toInput(args, limits);
    expect(inputOf('validate', { files: [name] })?.positionals).toEqual([`.${sep}-`]);
    expect(inputOf('explain', { subject: name })?.positionals[0]).toBe(`.${sep}-`);
    expect(inputOf('render', { files: [name], observed: [name] })?.options).toMatchObject({ observed: `.${sep}-` });
  } finally {
    rmSync(join(root, '-'));
    rmSync(join(root, 'to-dash'));
  }
});

test('an answer has a bounded number of diagnostics, and counts the others', async () => {
  writeFileSync(join(root, 'many.json'), `{"kind":"List","apiVersion":"v1","items":[${'{},'.repeat(5000)}{}]}`);
  const answer = await call('validate', { files: ['many.json'] });
  rmSync(join(root, 'many.json'));
  expect(answer.structuredContent).toMatchObject({ moreDiagnostics: 4901 });
  expect(JSON.stringify(answer).length).toBeLessThan(1_000_000);
  expect(textOf(answer)).toContain('… and 4901 more errors in many.json');
});

test('deeply nested values are refused, and the server continues', async () => {
  let deep: unknown = 'x';
  for (let level = 0; level < 2000; level += 1) deep = { a: deep };
  const answer = await call('render', { files: ['pots.json'], values: { text: deep } });
  expect(answer.isError).toBe(true);
  expect((await call('validate', { files: ['pots.json'] })).isError).toBeUndefined();
});

test('without the package of the protocol, the error says how to install it', () => {
  expect(() => loadMcpSdk([join(root, 'package.json')])).toThrow(
    expect.objectContaining({
      code: 'mcp/no-sdk',
      message: 'the package @modelcontextprotocol/sdk is not installed',
      remedy: 'run npm install --save-dev @modelcontextprotocol/sdk, then typekro mcp again',
    }),
  );
});
