import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CommandRun } from '../../test-support/run-command.ts';
import { commandRunner } from '../../test-support/run-command.ts';
import { graph } from './graph-command.ts';

const definition = (name: string, kind: string): string => `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: ${name} }
spec:
  schema: { apiVersion: v1alpha1, kind: ${kind}, spec: { name: string } }
  resources:
    - id: second
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: b }, data: { uid: "\${first.metadata.uid}" } }
    - id: first
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${schema.spec.name}" } }
`;

let cwd: string;
let run: (line: string, stdin?: string) => Promise<CommandRun>;

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-graph-'));
  writeFileSync(join(cwd, 'shop.yaml'), definition('shop', 'Shop'));
  writeFileSync(join(cwd, 'two.yaml'), `${definition('shop', 'Shop')}---${definition('bank', 'Bank')}`);
  writeFileSync(join(cwd, 'broken.yaml'), definition('shop', 'Shop').replace('first.metadata', 'frst.metadata'));
  writeFileSync(join(cwd, 'latin.yaml'), Buffer.from('a: caf\xe9\n', 'latin1'));
  run = commandRunner([graph], cwd);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test('graph prints lines by default', async () => {
  expect(await run('graph shop.yaml')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "Shop  kro.run/v1alpha1  definition shop  2 nodes in 2 levels
    1  first   ConfigMap v1
    2  second  ConfigMap v1
         data.uid  = first.metadata.uid",
    }
  `);
});

test('graph reads the standard input', async () => {
  expect((await run('graph -', definition('shop', 'Shop'))).out).toBe((await run('graph shop.yaml')).out);
});

test('graph prints Mermaid', async () => {
  expect((await run('graph shop.yaml -o mermaid')).out).toMatchInlineSnapshot(`
    "flowchart LR
      instance(["Shop"])
      n_first["first<br/>ConfigMap"]
      n_second["second<br/>ConfigMap"]
      n_first -->|"first.metadata.uid"| n_second"
  `);
});

test('graph prints SVG as one document', async () => {
  expect((await run('graph shop.yaml -o svg')).out).toMatch(/^<svg [^]*<\/svg>$/);
});

test('graph prints data as JSON', async () => {
  const { out } = await run('graph shop.yaml -o json');
  expect(JSON.parse(out)).toMatchObject({
    schemaVersion: 1,
    graphs: [
      {
        name: 'shop',
        nodes: [
          { id: 'first', level: 1, reads: [] },
          {
            id: 'second',
            level: 2,
            reads: [{ place: 'data.uid', expression: 'first.metadata.uid', nodes: ['first'] }],
          },
        ],
      },
    ],
  });
});

test('graph prints several definitions as lines, but draws a picture of only one definition', async () => {
  expect((await run('graph two.yaml')).out.match(/definition \w+/g)).toEqual(['definition shop', 'definition bank']);
  expect(await run('graph two.yaml -o svg')).toEqual({
    code: 2,
    out: '',
    err: 'error: svg shows one graph, and the files hold 2 [cli/usage]\n  hint: choose one: --definition shop, --definition bank',
  });
  expect((await run('graph two.yaml -o mermaid --definition bank')).out).toContain('Bank');
});

test.each([
  ['graph shop.yaml -o png', 2, '--output png is not one of text, json, yaml, mermaid, dot, svg'],
  ['graph shop.yaml --definition shp', 2, 'did you mean shop?'],
  ['graph', 2, "missing required argument 'file'"],
  ['graph missing.yaml', 1, 'there is no file missing.yaml'],
  ['graph latin.yaml', 1, 'not UTF-8 text: the byte 0xE9'],
  ['graph broken.yaml', 3, 'did you mean "first"?'],
])('the command %s ends with the exit code %d', async (line, code, output) => {
  const ended = await run(line);
  expect({ code: ended.code, out: ended.out }).toEqual({ code, out: '' });
  expect(ended.err).toContain(output);
});
