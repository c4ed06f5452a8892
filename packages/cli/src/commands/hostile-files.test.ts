import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { commandRunner } from '../../test-support/run-command.ts';
import { printable } from '@typekro/kit/core';
import { printableInColour } from '@typekro/app/text';
import { convert } from './convert-command.ts';
import { explain } from './explain-command.ts';
import { fmt } from './fmt-command.ts';
import { generate } from './generate-command.ts';
import { gitops } from './gitops-command.ts';
import { graph } from './graph-command.ts';
import { init } from './init-command.ts';
import { lint } from './lint-command.ts';
import { rbac } from './rbac-command.ts';
import { render } from './render-command.ts';
import { test as graphTest } from './test-command.ts';
import { types } from './types-command.ts';
import { validate } from './validate-command.ts';

/** Characters that move the cursor, change colours, reverse text, join nothing, or cannot be seen. */
const HOSTILE = '\u001b[2J\u001b]0;x\u0007\u202eb\u200b\u009b31m\rX\u2066\u{e0041}\u2028\u3164';

const definition = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'pots', annotations: { note: HOSTILE } },
  spec: {
    schema: {
      apiVersion: 'v1',
      kind: 'Pot',
      group: 'acme.test',
      spec: { text: `string | default="\u202e\u200b" description="\u202e\u0007 a"`, size: 'integer | default=1' },
      status: { shown: '${map.data.text}' },
    },
    resources: [
      {
        id: 'map',
        template: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: '${schema.metadata.name}', annotations: { note: HOSTILE } },
          data: { text: HOSTILE, cel: '${schema.spec.text + "\u202e"}' },
        },
      },
    ],
  },
};
const broken = {
  ...definition,
  spec: {
    ...definition.spec,
    schema: { ...definition.spec.schema, [`f${HOSTILE}`]: 1 },
    resources: [{ id: `x${HOSTILE}`, template: { apiVersion: 'v1', kind: `C${HOSTILE}`, metadata: { name: 'x' } } }],
  },
};
const instance = {
  apiVersion: 'acme.test/v1',
  kind: 'Pot',
  metadata: { name: 'p', namespace: 'default', annotations: { note: HOSTILE } },
  spec: { text: HOSTILE, size: HOSTILE, [`f${HOSTILE}`]: 1 },
};
const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data: { k: HOSTILE } };
const field = { type: 'string', description: `${HOSTILE} */ ended(); /*`, enum: [HOSTILE, '"]; ended(); //'] };
const schema = { type: 'object', properties: { [`f${HOSTILE}`]: field, __proto__: field, a: field } };
const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.acme.test' },
  spec: {
    group: 'acme.test',
    names: { kind: 'Thing', plural: 'things' },
    scope: 'Namespaced',
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
  },
};

const folder = mkdtempSync(join(tmpdir(), 'typekro-hostile-'));
const write = (name: string, value: unknown) =>
  writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));
write('pots.yaml', definition);
write('broken.yaml', broken);
write('p.yaml', { ...instance, spec: { text: HOSTILE } });
write('wrong.yaml', instance);
write('map.yaml', map);
write('crd.yaml', crd);
write('unknown.yaml', { apiVersion: `${HOSTILE}/v1`, kind: `K${HOSTILE}`, metadata: { name: HOSTILE } });
write('syntax.yaml', `a: [1, \u001b[31m \u202e\n b: "\u200b\u009b"\n`);
write('pots.test.yaml', {
  schemaVersion: 1,
  kind: 'GraphTest',
  tests: [{ name: `t${HOSTILE}`, given: { name: 'p', spec: {} }, expect: { children: { map: { 'data.text': 'x' } } } }],
});
const commands = [convert, explain, fmt, generate, gitops, graph, graphTest, init, lint, rbac, render, types, validate];
const textsUnder = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));

test.each([undefined, 80])(
  'no output has a character that moves the cursor or cannot be seen (columns: %s)',
  async (columns) => {
    const run = commandRunner(commands, folder, {}, columns);
    const lines = [
      'validate pots.yaml p.yaml',
      'validate broken.yaml',
      'validate pots.yaml wrong.yaml',
      'validate unknown.yaml',
      'validate syntax.yaml',
      `validate no\u202e\u001b[31mfile.yaml`,
      'lint broken.yaml -o json',
      'lint broken.yaml -o sarif',
      'lint broken.yaml -o github',
      'graph pots.yaml',
      'graph pots.yaml -o json',
      'graph pots.yaml -o svg',
      'graph pots.yaml -o mermaid',
      'graph pots.yaml -o dot',
      'render pots.yaml p.yaml',
      'render pots.yaml p.yaml -o json',
      'explain pots.yaml spec.text',
      'explain pots.yaml spec.text -o json',
      'types pots.yaml',
      'types pots.yaml -o jsonschema',
      'types pots.yaml -o crd',
      'types pots.yaml -o instance',
      'convert map.yaml',
      'convert map.yaml --to typescript',
      'convert pots.yaml --to typescript',
      'rbac broken.yaml',
      'fmt --check broken.yaml',
      'test pots.test.yaml',
      'test pots.test.yaml -o json',
      'test pots.test.yaml -o junit',
    ];
    const shown: string[] = [];
    for (const line of lines) {
      const { out, err } = await run(line);
      expect(out + err, line).not.toBe('');
      if (printableInColour(out) !== out) shown.push(`${line}: ${JSON.stringify(out).slice(0, 500)}`);
    }
    expect(shown).toEqual([]);
  },
);

test('no generated file has a character that cannot be seen, and JSON and TypeScript keep their values', async () => {
  const run = commandRunner(commands, folder);
  for (const line of [
    'generate crd.yaml --out generated',
    'gitops pots.yaml p.yaml --out gitops',
    'init new --from map.yaml',
  ]) {
    const { code, err } = await run(line);
    expect(code, `${line}: ${err}`).toBe(0);
  }
  const texts = ['generated', 'gitops', 'new'].flatMap((name) => textsUnder(join(folder, name)));
  expect(texts.length).toBeGreaterThan(6);
  expect(texts.filter((text) => printable(text) !== text)).toEqual([]);
  expect((await run('generate crd.yaml --out generated --check')).code).toBe(0);
  const rendered = JSON.parse((await run('render pots.yaml p.yaml -o json')).out) as unknown;
  expect(JSON.stringify(rendered)).toContain(JSON.stringify(HOSTILE));
});

test.each([
  ['generate', 'generate crd.yaml --out out', 'out/acme.test.ts', 'out'],
  ['gitops', 'gitops pots.yaml --out out', 'out/kustomization.yaml', 'out'],
  ['init', 'init out --from map.yaml', 'out/.github', 'out'],
  ['test --update', 'test pots.test.yaml --update', 'pots.test.yaml.snapshot.yaml', '.'],
])('%s writes nothing through a link that leads out of its folder', async (_name, line, link, parent) => {
  const home = mkdtempSync(join(tmpdir(), 'typekro-links-'));
  const project = join(home, 'project');
  mkdirSync(join(project, parent), { recursive: true });
  const snapshotTest = { name: 't', given: { name: 'p', spec: {} }, expect: { snapshot: true } };
  for (const [name, value] of Object.entries({
    'crd.yaml': crd,
    'pots.yaml': definition,
    'map.yaml': map,
    'pots.test.yaml': { schemaVersion: 1, kind: 'GraphTest', tests: [snapshotTest] },
  })) {
    writeFileSync(join(project, name), JSON.stringify(value));
  }
  symlinkSync(join(home, 'outside'), join(project, link));
  const { code, err } = await commandRunner(commands, project)(line);
  expect([code, err]).toEqual([1, expect.stringContaining('a symbolic link leads out of')]);
  expect(readdirSync(home)).toEqual(['project']);
});

const DEEP = '['.repeat(100_000) + ']'.repeat(100_000);
test.each(['convert', 'generate', 'validate --crds deep.json pots.yaml', 'init deep --from'])(
  '%s reports JSON that is too deep, and links without an end',
  async (line) => {
    write('deep.json', `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":${DEEP}}`);
    const run = commandRunner(commands, folder);
    const isWhole = line.includes('deep.json');
    const deep = await run(isWhole ? line : `${line} deep.json`);
    expect(deep.err).toContain('values are nested more than 200 levels deep');
    if (isWhole) return;
    writeFileSync(join(folder, 'target'), '');
    const circle = join(folder, `circle-${line.split(' ', 1)[0] ?? ''}.yaml`);
    symlinkSync(circle, circle);
    const { code, err } = await run(`${line} ${circle}`);
    expect([code, err]).toEqual([1, expect.stringContaining('cannot be read: ELOOP')]);
  },
);

test('a field of the status whose name has a line break adds no document to the output of render', async () => {
  const status = { 'a\nkind: Secret': '${map.metadata.uid}', b: { 'c\r\n---\nkind: Secret': '${map.metadata.uid}' } };
  const { spec } = definition;
  write('lines.yaml', { ...definition, spec: { ...spec, schema: { ...spec.schema, status } } });
  const { code, out } = await commandRunner(commands, folder)('render lines.yaml');
  const documents = parseAllDocuments(out).map((each) => each.toJS() as { readonly kind?: string });
  expect([code, documents.map(({ kind }) => kind)]).toEqual([0, ['ConfigMap']]);
  expect(out).toContain('kind: Secret');
});
