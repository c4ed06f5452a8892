import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { createEmbeddedCluster } from '@typekro/cluster';
import type { KubeObject } from '@typekro/kit/core';
import { KubeClient, loadKubeConfig } from '@typekro/kube';
import { runCommandLine } from '../adapter.ts';
import { entriesOf } from '../../test-support/run-command.ts';
import { generate } from './generate-command.ts';
import { crdOf } from '@typekro/kit/test-support/crd';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-generate-'));
});

/** Runs the command. Returns its exit code and everything that it printed. */
async function run(args: readonly string[], stdin = ''): Promise<{ readonly code: number; readonly text: string }> {
  const lines: string[] = [];
  const print = (text: string) => void lines.push(text);
  const code = await runCommandLine(entriesOf([generate]), '0', ['generate', ...args], {
    cwd,
    env: {},
    print,
    printError: print,
    readInput: () => Promise.resolve(stdin),
    signal: new AbortController().signal,
  });
  return { code, text: lines.join('\n') };
}

const definition = (kind: string, group?: string): KubeObject => crdOf(kind, {}, group === undefined ? {} : { group });
const yaml = (...objects: readonly object[]) => objects.map((object) => JSON.stringify(object)).join('\n---\n');

test('reads a folder with its subfolders, and ignores files that are not manifests', async () => {
  mkdirSync(join(cwd, 'crds/more'), { recursive: true });
  writeFileSync(join(cwd, 'crds/a.yaml'), yaml(definition('A'), { apiVersion: 'v1', kind: 'ConfigMap' }));
  writeFileSync(join(cwd, 'crds/more/b.json'), JSON.stringify(definition('B', 'b.example.com')));
  writeFileSync(join(cwd, 'crds/notes.md'), '# not YAML: {');
  expect(await run(['crds', '--out', 'out'])).toEqual({
    code: 0,
    text: 'created out/b.example.com.ts\ncreated out/example.com.ts\n2 factories in 2 files',
  });
});

test('reads the standard input, and writes one file per kind', async () => {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [definition('A'), definition('B')] });
  expect((await run(['-', '--files', 'kind'], list)).code).toBe(0);
  expect(readdirSync(join(cwd, 'generated/example.com'))).toEqual(['a.ts', 'b.ts']);
});

test('selects one group in a list of the API server, whose items have no kind', async () => {
  const items = [definition('A'), definition('B', 'b.test')].map(
    ({ kind: _kind, apiVersion: _version, ...rest }) => rest,
  );
  const list = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinitionList', items };
  expect(await run(['-', '--group', 'b.test'], JSON.stringify(list))).toEqual({
    code: 0,
    text: 'created generated/b.test.ts\n1 factory in 1 file',
  });
});

test('--check writes nothing, and its exit code shows a difference', async () => {
  writeFileSync(join(cwd, 'a.yaml'), yaml(definition('A')));
  expect((await run(['a.yaml', '--check'])).code).toBe(4);
  expect(existsSync(join(cwd, 'generated'))).toBe(false);
  expect((await run(['a.yaml'])).code).toBe(0);
  expect(await run(['a.yaml', '--check'])).toEqual({
    code: 0,
    text: 'unchanged generated/example.com.ts\n1 factory in 1 file',
  });
});

test('--check reports a path that cannot be read, and does not say that a file would be created', async () => {
  writeFileSync(join(cwd, 'a.yaml'), yaml(definition('A')));
  mkdirSync(join(cwd, 'generated/example.com.ts'), { recursive: true });
  const { code, text } = await run(['a.yaml', '--check']);
  expect(text).toContain('cannot be read: EISDIR');
  expect(text).toContain('[generate/not-read]');
  expect(code).toBe(1);
});

test('reads the CustomResourceDefinitions of one group from a cluster', async () => {
  const cluster = await createEmbeddedCluster();
  try {
    const { kubeconfig } = await cluster.listen({ port: 0 });
    const client = new KubeClient({ config: await loadKubeConfig({ text: kubeconfig }) });
    await client.create(definition('A'));
    await client.create(definition('B', 'other.example.com'));
    await client.close();
    writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
    const { code, text } = await run(['--cluster', '--kubeconfig', 'kubeconfig', '--group', 'example.com']);
    expect({ code, text }).toEqual({ code: 0, text: 'created generated/example.com.ts\n1 factory in 1 file' });
  } finally {
    await cluster.close();
  }
});

test('makes a factory for a Helm chart, with the types of its values schema', async () => {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    properties: { replicas: { type: 'integer', description: 'How many.' }, mode: { $ref: '#/$defs/Record' } },
    $defs: { Record: { type: 'object', properties: { 'a b': { enum: ['x', 'y'] } } } },
  };
  writeFileSync(join(cwd, 'values.schema.json'), JSON.stringify(schema));
  const chart = ['--chart', 'redis', '--repository', 'https://charts.example.com/stable', '--chart-version', '1.x'];
  expect(await run(['values.schema.json', ...chart])).toEqual({
    code: 0,
    text: 'created generated/redis.ts\n1 factory in 1 file',
  });
  expect(readFileSync(join(cwd, 'generated/redis.ts'), 'utf8')).toMatchInlineSnapshot(`
    "// Generated by \`typekro generate values.schema.json --chart redis --repository https://charts.example.com/stable --chart-version 1.x --out generated\`. Do not edit; run the command again.
    /* eslint-disable */
    import type { ChartFactory } from "typekro/helm";
    import { chartFactory } from "typekro/helm";

    export interface RedisValues {
      /** How many. */
      replicas?: number | undefined;
      mode?: RecordType | undefined;
    }

    export interface RecordType {
      "a b"?: "x" | "y" | undefined;
    }

    /** Installs the Helm chart redis of https://charts.example.com/stable as a node of a graph. */
    export const redis: ChartFactory<RedisValues> = /* @__PURE__ */ chartFactory<RedisValues>({
      chart: "redis",
      repository: "https://charts.example.com/stable",
      version: "1.x",
    });
    "
  `);
});

test('a part of the values schema that TypeScript types cannot express accepts any value', async () => {
  const schema = {
    type: 'object',
    properties: {
      host: { type: 'null' },
      far: { $ref: 'https://schemas.example.com/far.json' },
      timeout: { type: ['null', 'integer'] },
    },
  };
  writeFileSync(join(cwd, 'values.schema.json'), JSON.stringify(schema));
  const { code, text } = await run(['values.schema.json', '--chart', 'web', '--repository', 'oci://example.com/x']);
  expect(code).toBe(0);
  expect(text).toContain('field host may hold anything: only null is allowed here');
  const file = readFileSync(join(cwd, 'generated/web.ts'), 'utf8');
  expect(/interface WebValues \{\n([^}]*)\}/.exec(file)?.[1]).toBe(
    '  host?: unknown;\n  far?: unknown;\n  timeout?: number | null | undefined;\n',
  );
});

describe('bad input', () => {
  test.each([
    ['no input is named', [], 2, 'name files, folders or - , or use --cluster'],
    ['a missing file', ['missing.yaml'], 1, 'there is no file or folder missing.yaml'],
    ['two missing files', ['missing.yaml', 'lost.yaml'], 3, 'lost.yaml:1:1: error: there is no file or folder'],
    ['a chart without its repository', ['crd.json', '--chart', 'x'], 2, '--chart needs --repository'],
    ['a repository without a chart', ['crd.json', '--repository', 'https://x'], 2, '--repository needs --chart'],
    ['a context without the cluster', ['crd.json', '--context', 'x'], 2, '--context needs --cluster'],
    ['an unknown layout of files', ['-', '--files', 'both'], 2, '--files takes group or kind, not both'],
  ])('%s', async (_name, args, code, text) => {
    writeFileSync(join(cwd, 'crd.json'), '{}');
    const result = await run(args);
    expect(result.code).toBe(code);
    expect(result.text).toContain(text);
  });

  test('the error for a template file of a Helm chart says that the file is a template', async () => {
    const template = `{{- if .Values.crds }}\n${yaml(definition('A'))}{{- end }}\n`;
    writeFileSync(join(cwd, 'a.yaml'), template);
    const { code, text } = await run(['a.yaml']);
    expect(code).toBe(3);
    expect(text).toContain('a.yaml is a template of a Helm chart, not YAML yet');
    expect(text).toContain('helm template CHART --include-crds | typekro generate -');
  });

  test('a file without CustomResourceDefinitions is an error', async () => {
    writeFileSync(join(cwd, 'a.yaml'), 'apiVersion: v1\nkind: ConfigMap\n');
    const { code, text } = await run(['a.yaml']);
    expect(code).toBe(3);
    expect(text).toContain('there is no CustomResourceDefinition in a.yaml; found: ConfigMap');
  });

  test('a file with a warning and without a CustomResourceDefinition is an error', async () => {
    writeFileSync(join(cwd, 'a.yaml'), 'apiVersion: v1\nkind: ConfigMap\ndata: { "on": "yes", b: yes }\n');
    const { code, text } = await run(['a.yaml']);
    expect(text).toContain('warning');
    expect(text).toContain('there is no CustomResourceDefinition in a.yaml; found: ConfigMap');
    expect(code).toBe(3);
  });

  test('the error for an unknown group lists the groups of the CustomResourceDefinitions', async () => {
    writeFileSync(join(cwd, 'a.yaml'), yaml(definition('A'), definition('B', 'b.test')));
    const { code, text } = await run(['a.yaml', '--group', 'acme.io']);
    expect(code).toBe(3);
    expect(text).toContain('no CustomResourceDefinition in a.yaml is of the group acme.io');
    expect(text).toContain('known groups: b.test, example.com');
  });

  test('the error for a CustomResourceDefinition without a served version says that no version is served', async () => {
    const { versions, ...spec } = definition('A').spec as { versions: object[] };
    const notServed = {
      ...definition('A'),
      spec: { ...spec, versions: versions.map((each) => ({ ...each, served: false })) },
    };
    writeFileSync(join(cwd, 'a.yaml'), yaml(notServed));
    expect((await run(['a.yaml'])).text).toContain('no CustomResourceDefinition in a.yaml has a served version');
  });

  test('a file that cannot be parsed is reported with its location, and factories are generated from the other files', async () => {
    writeFileSync(join(cwd, 'a.yaml'), yaml(definition('A')));
    writeFileSync(join(cwd, 'b.yaml'), 'kind: [\n');
    const { code, text } = await run(['a.yaml', 'b.yaml']);
    expect(code).toBe(3);
    expect(text).toContain('b.yaml:');
    expect(text).toContain('created generated/example.com.ts');
  });
});
