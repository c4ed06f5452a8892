import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const pages = ['docs/testing.md', 'docs/stand-ins.md'].map((page) => readFileSync(join(root, page), 'utf8'));

/** The TypeScript examples of the pages about tests, each as a file. */
const examples = pages.flatMap((page) => [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code));

/** The YAML examples that the TypeScript examples read. A comment in the first line has the name of the file. */
const read = pages.flatMap((page) =>
  [...page.matchAll(/^```yaml\n# (\S+)\n(.*?)^```$/gms)].map(([, name = '', code = '']) => ({ name, code })),
);

const PARALLEL = `import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createCluster } from 'typekro/testing';

describe('side by side', { concurrency: true }, () => {
  for (let index = 0; index < 20; index++) {
    test(String(index), async () => {
      await using cluster = await createCluster();
      const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } };
      await cluster.client.create({ ...map, data: { index: String(index) } });
      await new Promise((resolve) => setImmediate(resolve));
      const found = await cluster.client.get({ ...map, ...map.metadata });
      assert.deepEqual(found.data, { index: String(index) });
    });
  }
});
`;

describe('docs/testing.md and docs/stand-ins.md in a separate project, run by node:test', () => {
  const directory = mkdtempSync(join(tmpdir(), 'typekro-testing-page-'));
  const files = [...examples, PARALLEL].map((code, index) => ({ name: `example-${index}.test.ts`, code }));

  beforeAll(() => {
    mkdirSync(join(directory, 'node_modules'));
    symlinkSync(root, join(directory, 'node_modules/typekro'));
    symlinkSync(join(root, 'node_modules/@types'), join(directory, 'node_modules/@types'));
    writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
    for (const { name, code } of [...files, ...read]) writeFileSync(join(directory, name), code);
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('every example passes, and so does a file with twenty concurrent clusters', () => {
    expect(examples.length).toBeGreaterThan(4);
    const tsx = join(root, 'node_modules/tsx/dist/loader.mjs');
    const names = files.map(({ name }) => name);
    // Removes a variable of the outer test runner. The inner test runner writes its own report only if the variable is
    // not set.
    const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
    const args = ['--import', tsx, '--test', '--test-reporter=tap', ...names];
    const { code, stdout, stderr } = runCommand(process.execPath, args, { cwd: directory, env });
    expect(stdout + stderr).toMatch(/^# fail 0$/m);
    expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThanOrEqual(20 + examples.length);
    expect(code).toBe(0);
  }, 120_000);

  test('every example type-checks', () => {
    const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
    const flags = ['--strict', '--noEmit', '--target', 'es2022', '--lib', 'es2022,esnext.disposable,dom'];
    const args = [tsc, ...flags, '--types', 'node', '--module', 'nodenext', '--skipLibCheck'];
    const names = files.slice(0, examples.length).map(({ name }) => name);
    const { code, stdout } = runCommand(process.execPath, [...args, ...names], { cwd: directory });
    expect(stdout).toBe('');
    expect(code).toBe(0);
  }, 60_000);
});
