import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { builtinSource, compile } from '../../graph/index.ts';
import { runCommandLine } from '../adapter.ts';
import { entriesOf } from '../../../test/support/run-command.ts';
import { init } from '../commands/init.ts';
import { PROJECT_PACKAGES } from './project-files.ts';
import { sampleInstance } from './sample-instance.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-init-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

async function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await runCommandLine(entriesOf([init]), '0', ['init', ...words], {
    cwd,
    env: {},
    print: (text) => out.push(text),
    printError: (text) => err.push(text),
    readInput: () => Promise.resolve(''),
    signal: new AbortController().signal,
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

const definition = (spec: string, metadata = 'name: shops') => `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {${metadata}}
spec:
  schema: {apiVersion: v1, kind: Shop, group: acme.test, spec: ${spec}}
  resources:
    - id: map
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.metadata.name}"}}
`;

describe('typekro init', () => {
  test('writes a project with a composition and says what is next', async () => {
    const { code, out, err } = await run('My Platform');
    expect({ code, out, err }).toMatchInlineSnapshot(`
      {
        "code": 0,
        "err": "",
        "out": "wrote  package.json tsconfig.json app.ts app.test.ts .gitignore .github/workflows/typekro.yml README.md  (7 files)
      next   cd 'My Platform' && npm install && npm start   # runs now, no cluster needed",
      }
    `);
    const manifest = JSON.parse(readFileSync(join(cwd, 'My Platform/package.json'), 'utf8')) as { name: string };
    expect(manifest.name).toBe('my-platform');
  });

  test('writes a project around a definition, with an example of its kind', async () => {
    writeFileSync(join(cwd, 'shop.yaml'), definition('{name: string, size: integer | default=2}'));
    const { code, out } = await run('shop', '--from', 'shop.yaml');
    expect(code).toBe(0);
    expect(out).toContain('app.yaml example.yaml');
    expect(readFileSync(join(cwd, 'shop/app.yaml'), 'utf8')).toBe(readFileSync(join(cwd, 'shop.yaml'), 'utf8'));
    expect(parse(readFileSync(join(cwd, 'shop/example.yaml'), 'utf8'))).toEqual({
      apiVersion: 'acme.test/v1',
      kind: 'Shop',
      metadata: { name: 'example', namespace: 'default' },
      spec: { name: 'example' },
    });
  });

  test('leaves out what a cluster wrote into a definition', async () => {
    writeFileSync(
      join(cwd, 'live.yaml'),
      definition('{}', 'name: shops, uid: u, resourceVersion: "7", finalizers: [a/b]'),
    );
    await run('.', '--from', 'live.yaml');
    expect(parse(readFileSync(join(cwd, 'app.yaml'), 'utf8'))).toMatchObject({ metadata: { name: 'shops' } });
    expect(readFileSync(join(cwd, 'app.yaml'), 'utf8')).not.toMatch(/uid|resourceVersion|finalizers/);
  });

  test('replaces no file and then writes none', async () => {
    writeFileSync(join(cwd, 'README.md'), 'mine');
    const { code, err } = await run();
    expect(code).toBe(1);
    expect(err).toContain('. has README.md already; nothing was written [init/exists]');
    expect(readdirSync(cwd)).toEqual(['README.md']);
  });

  test.each([
    [['--name', 'Bad Name'], 2, 'is no name of a package'],
    [['--from', 'missing.yaml'], 1, 'missing.yaml'],
    [['--from', 'text.yaml'], 1, 'no YAML file with a ResourceGraphDefinition'],
  ])('%j ends with %i', async (words, expected, text) => {
    writeFileSync(join(cwd, 'text.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n');
    const { code, err } = await run('p', ...words);
    expect(err).toContain(text);
    expect(code).toBe(expected);
    expect(readdirSync(cwd)).toEqual(['text.yaml']);
  });
});

test('an example fills every field without a default within its bounds', () => {
  const fields = `{name: string, level: "integer | minimum=5 maximum=9", mode: "string | enum=\\"fast,slow\\"", on: boolean,
    size: integer | default=2, tags: "[]string", limits: {cpu: string, nested: {deep: "string | minLength=12"}}, labels: "map[string]string"}`;
  const { graph } = compile(parse(definition(fields)) as never, { sources: builtinSource() });
  if (graph === undefined) throw new Error('the definition has errors');
  expect(sampleInstance(graph)['spec']).toEqual({
    name: 'example',
    level: 5,
    mode: 'fast',
    on: false,
    tags: [],
    limits: { cpu: 'cpu', nested: { deep: 'deepxxxxxxxx' } },
  });
});

test('a project asks for the packages that this one is tested with', () => {
  const path = new URL('../../../package.json', import.meta.url);
  const { devDependencies } = JSON.parse(readFileSync(path, 'utf8')) as { devDependencies: Record<string, string> };
  const asked = { ...PROJECT_PACKAGES.dependencies, ...PROJECT_PACKAGES.devDependencies };
  for (const [name, range] of Object.entries(asked)) {
    const tested = (devDependencies[name] ?? '').replace(/^npm:.*@/, '');
    expect(`${name} ${range.slice(1).split('.')[0]}`).toBe(`${name} ${tested.split('.')[0]}`);
  }
});
