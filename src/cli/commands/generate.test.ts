import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCluster } from '../../cluster/index.ts';
import type { KubeObject } from '../../core/index.ts';
import { KubeClient, loadKubeConfig } from '../../kube/index.ts';
import { runCommandLine } from '../adapter.ts';
import { generate } from './generate.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-generate-'));
});
afterEach(() => {
  rmSync(cwd, { recursive: true, force: true });
});

/** Runs the command and gives its exit code and everything it printed. */
async function run(args: readonly string[], stdin = ''): Promise<{ readonly code: number; readonly text: string }> {
  const lines: string[] = [];
  const print = (text: string) => void lines.push(text);
  const code = await runCommandLine([generate], '0', ['generate', ...args], {
    cwd,
    env: {},
    print,
    printError: print,
    readInput: () => Promise.resolve(stdin),
    signal: new AbortController().signal,
  });
  return { code, text: lines.join('\n') };
}

const definition = (kind: string, group = 'example.com'): KubeObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.toLowerCase()}s.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind, plural: `${kind.toLowerCase()}s`, singular: kind.toLowerCase(), listKind: `${kind}List` },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
});
const yaml = (...objects: readonly object[]) => objects.map((object) => JSON.stringify(object)).join('\n---\n');

test('a folder with its folders, and what is no manifest left aside', async () => {
  mkdirSync(join(cwd, 'crds/more'), { recursive: true });
  writeFileSync(join(cwd, 'crds/a.yaml'), yaml(definition('A'), { apiVersion: 'v1', kind: 'ConfigMap' }));
  writeFileSync(join(cwd, 'crds/more/b.json'), JSON.stringify(definition('B', 'b.example.com')));
  writeFileSync(join(cwd, 'crds/notes.md'), '# not YAML: {');
  expect(await run(['crds', '--out', 'out'])).toEqual({
    code: 0,
    text: 'created out/b.example.com.ts\ncreated out/example.com.ts\n2 factories in 2 files',
  });
});

test('standard input, one file for each kind', async () => {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [definition('A'), definition('B')] });
  expect((await run(['-', '--files', 'kind'], list)).code).toBe(0);
  expect(readdirSync(join(cwd, 'generated/example.com'))).toEqual(['a.ts', 'b.ts']);
});

test('--check writes nothing and tells a difference from none by the exit code', async () => {
  writeFileSync(join(cwd, 'a.yaml'), yaml(definition('A')));
  expect((await run(['a.yaml', '--check'])).code).toBe(4);
  expect(existsSync(join(cwd, 'generated'))).toBe(false);
  expect((await run(['a.yaml'])).code).toBe(0);
  expect(await run(['a.yaml', '--check'])).toEqual({
    code: 0,
    text: 'unchanged generated/example.com.ts\n1 factory in 1 file',
  });
});

test('the definitions of a cluster, of one group', async () => {
  const cluster = await createCluster();
  try {
    const { kubeconfig } = await cluster.listen({ port: 0 });
    const client = new KubeClient({ config: await loadKubeConfig({ text: kubeconfig }) });
    await client.create(definition('A'));
    await client.create(definition('B', 'other.example.com'));
    await client.close();
    writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
    const { code, text } = await run(['--cluster', '--kubeconfig', 'kubeconfig', '--group', 'example.com']);
    expect({ code, text }).toEqual({
      code: 0,
      text: 'created generated/example.com.ts\n1 factory in 1 file',
    });
  } finally {
    await cluster.close();
  }
});

describe('bad input', () => {
  test.each([
    ['nothing named', [], 1, 'name files, folders or - , or use --cluster'],
    ['a file that is not there', ['missing.yaml'], 1, 'there is no file or folder missing.yaml'],
    ['another layout', ['-', '--files', 'both'], 1, '--files takes group or kind, not both'],
  ])('%s', async (_name, args, code, text) => {
    const result = await run(args);
    expect(result.code).toBe(code);
    expect(result.text).toContain(text);
  });

  test('a file that does not parse is shown with its place; the others are written', async () => {
    writeFileSync(join(cwd, 'a.yaml'), yaml(definition('A')));
    writeFileSync(join(cwd, 'b.yaml'), 'kind: [\n');
    const { code, text } = await run(['a.yaml', 'b.yaml']);
    expect(code).toBe(3);
    expect(text).toContain('b.yaml:');
    expect(text).toContain('created generated/example.com.ts');
  });
});
