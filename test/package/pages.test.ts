import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { basename, dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as typekro from '@typekro/sdk';
import { testReadmeExamples } from '@typekro/kit/test-support/readme-examples';
import { type Cluster, createEmbeddedCluster } from '@typekro/cluster';
import { controllerCrds } from '@typekro/controller/controller';
import { KubeClient } from '@typekro/kube';
import { type CommandRun, commandRunner } from '@typekro/cli/test-support/run-command';
import * as kubernetes from '../../packages/sdk/src/factories/kubernetes/index.ts';
import { ROOMS } from '../../scripts/workspace.mjs';
import { commands } from '../../packages/cli/src/commands/index.ts';
import { runCommand, startCli } from '../support/command.ts';
import { stepsOfPage, typekroWords, withGaps } from '../support/walked-page.ts';

const read = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const rows = [...read('docs/controller-differences.md').matchAll(/^\| ([GKLPW]\d+) \|.*\| `([^`]+)`: "([^"]+)" \|$/gm)];

test('docs/controller-differences.md has all numbered rows of its five tables, in order', () => {
  const numbered = (letter: string, length: number) => Array.from({ length }, (_, index) => `${letter}${index + 1}`);
  const expected = [
    ...numbered('W', 30),
    ...numbered('K', 17),
    ...numbered('L', 2),
    ...numbered('G', 12),
    ...numbered('P', 7),
  ];
  expect(rows.map(([, weakness]) => weakness)).toEqual(expected);
});

test.each(rows.map(([, weakness = '', file = '', name = '']) => ({ weakness, file, name })))(
  '$weakness is shown by a test that exists in $file',
  ({ file, name }) => {
    // `it.each` makes the title of this test from two parts. The source file contains only the first part.
    const title = name.startsWith('the foreign kind last of all') ? 'the foreign kind last of all' : name;
    expect(read(file)).toContain(title);
  },
);

testReadmeExamples(new URL('../../docs/graphs.md', import.meta.url), 'typekro', typekro, {
  'typekro/kubernetes': kubernetes,
});

/**
 * The root of the repository. Each room must have a README, and the files and folders that the README names must exist.
 */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Matches the path of a source file, and the path of a folder of a package. */
const PATH = /`([\w./-]+\.tsx?|packages\/[\w/-]+)`/g;

describe.each(Object.entries(ROOMS))('the README of %s', (_, room) => {
  // A package of small rooms has one README.
  const folder = existsSync(join(ROOT, room, 'README.md')) ? room : dirname(room);
  const readme = readFileSync(join(ROOT, folder, 'README.md'), 'utf8');
  // A name without a folder may be the name of a file in any folder of the room.
  const names = new Set(
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => basename(path)),
  );
  const paths = [...new Set([...readme.matchAll(PATH)].map(([, path = '']) => path))];

  test('names only files and folders that exist', () => {
    const exists = (path: string) =>
      names.has(path) || existsSync(join(ROOT, path)) || existsSync(join(ROOT, folder, path));
    expect(paths.filter((path) => !exists(path))).toEqual([]);
  });
});

const root = fileURLToPath(new URL('../..', import.meta.url));

test('in the built package, the name of an error is the name under which its class is exported', async () => {
  const { TypeKroError } = (await import(pathToFileURL(join(root, 'dist/core/index.js')).href)) as {
    TypeKroError: new (message: string, details: { code: string }) => Error;
  };
  expect(new TypeKroError('x', { code: 'a/b' }).name).toBe('TypeKroError');
});

describe('definitions page', () => {
  /**
   * The steps of docs/definitions.md. The tests write the files of the page, run its commands, and compare the output
   * with the page.
   */
  const steps = stepsOfPage(readFileSync(new URL('../../docs/definitions.md', import.meta.url), 'utf8'));
  const commandLines = steps.filter(({ kind }) => kind === 'command');

  const cwd = mkdtempSync(join(tmpdir(), 'typekro-definitions-page-'));
  let cluster: Cluster;
  let run: (line: string) => Promise<CommandRun>;

  beforeAll(async () => {
    cluster = await createEmbeddedCluster({});
    const { kubeconfig } = await cluster.listen({ port: 0 });
    writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
    const client = new KubeClient({ transport: cluster.transport() });
    for (const crd of controllerCrds()) await client.create(crd);
    await client.close();
    run = commandRunner(commands, cwd, { KUBECONFIG: join(cwd, 'kubeconfig'), NO_COLOR: '1' });
  }, 60_000);

  afterAll(async () => {
    await cluster.close();
  });

  describe('docs/definitions.md, followed from its first block to its last', () => {
    test.each(steps.map((step, index) => [step.kind === 'file' ? step.name : step.line, index, step] as const))(
      '%s (block %i)',
      async (_title, _index, step) => {
        if (step.kind === 'file') {
          writeFileSync(join(cwd, step.name), step.text);
          const { code, err } = await run(`fmt --check ${step.name}`);
          expect(`${code} ${err}`).toBe('0 ');
          return;
        }
        const { out, err } = await run(typekroWords(step.line) ?? '');
        const printed = [out, err]
          .filter((text) => text !== '')
          .join('\n')
          .trimEnd();
        expect(withGaps(printed, step.output)).toBe(step.output);
      },
    );

    test('with the files as they are after the last block, typekro up makes the instance of the page ACTIVE', async () => {
      const files = ['store.rgd.yaml', 'store.yaml', 'company.yaml'];
      const { code, stdout, stderr } = await startCli(['up', '--once', ...files], cwd).ended;
      expect(stderr).toBe('');
      expect(stdout).toMatch(/Store default\/corner +ACTIVE/);
      expect(code).toBe(0);
    }, 60_000);

    test('the page runs eight commands of typekro', () => {
      const names = new Set(
        commandLines.map((step) => (step.kind === 'command' ? typekroWords(step.line)?.split(' ')[0] : undefined)),
      );
      expect([...names].toSorted()).toEqual(['explain', 'fmt', 'graph', 'lint', 'plan', 'render', 'types', 'validate']);
    });
  });
});

describe('testing page', () => {
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
});
