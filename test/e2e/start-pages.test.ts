import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isLongRun } from '@typekro/kit/test-support/budget';
import { RunningCommand } from '../support/command.ts';
import { packTarballs } from '../support/packed-tarballs.ts';
import { stepsOfPage, withGaps } from '../support/walked-page.ts';
import { formExamples, runForms, unequalForms } from '../../scripts/example-forms.ts';

/**
 * Does this run install the packed package with its dependencies? `npm run long` does. `npm test` links the packages,
 * because packing and installing takes a minute.
 */
const isPacked = isLongRun();
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = ['install', 'first-composition', 'first-definition'];
/** The line that installs the package. */
const INSTALL = 'npm install typekro arktype';
/** The page `install` promises that it and the next page take five minutes. */
const MAX_WALK_MS = 5 * 60_000;

const steps = PAGES.flatMap((page) =>
  stepsOfPage(readFileSync(join(ROOT, 'docs/start', `${page}.md`), 'utf8')).map((step) => ({ page, step })),
);

describe('docs/start, followed from its first page to its last', () => {
  let parent: string;
  let folder: string;
  let tarballs: readonly string[];
  let began: number;
  let serving: RunningCommand | undefined;
  const env: Record<string, string | undefined> = { ...process.env, NO_COLOR: '1', npm_config_offline: 'true' };

  beforeAll(async () => {
    parent = mkdtempSync(join(tmpdir(), 'typekro-start-'));
    folder = parent;
    env['npm_config_cache'] = join(parent, 'cache');
    tarballs = isPacked ? await packTarballs(parent, ['arktype']) : [];
    began = performance.now();
  }, 120_000);

  afterAll(async () => {
    serving?.process.kill('SIGINT');
    await serving?.ended;
    rmSync(parent, { recursive: true, force: true });
  });

  test.each(
    steps.map(({ page, step }, index) => [page, step.kind === 'file' ? step.name : step.line, index, step] as const),
  )('%s: %s (block %i)', { timeout: 120_000 }, async (_page, _title, _index, step) => {
    if (step.kind === 'file') {
      writeFileSync(join(folder, step.name), step.text);
      return;
    }
    const { line, output } = step;
    if (line === 'unset KUBECONFIG') {
      delete env['KUBECONFIG'];
      serving?.process.kill('SIGINT');
      expect((await serving?.ended)?.code).toBe(130);
      serving = undefined;
      return;
    }
    const variable = /^export (\w+)=(.*)$/.exec(line);
    if (variable !== null) {
      env[variable[1] ?? ''] = variable[2]?.replace('$PWD', folder);
      return;
    }
    if (output.includes('Ctrl-C ends it')) {
      serving = new RunningCommand('node_modules/.bin/typekro', line.split(' ').slice(2), { cwd: folder, env });
      await serving.until(/Ctrl-C ends it/);
      await serving.until(/export KUBECONFIG/);
      expect(withGaps(serving.output.trimEnd(), output)).toBe(output);
      return;
    }
    if (line === INSTALL && !isPacked) {
      linkPackages(folder, ['arktype', '@ark', 'arkregex']);
      return;
    }
    // Installs the package from this repository instead of a registry.
    const typed = line === INSTALL ? `npm install ${tarballs.join(' ')}` : line;
    const { code, stdout, stderr } = await new RunningCommand('bash', ['-c', typed], { cwd: folder, env }).ended;
    expect(`${code} ${code === 0 ? '' : stdout + stderr}`).toBe('0 ');
    if (line.startsWith('mkdir')) folder = join(folder, /^mkdir (\S+)/.exec(line)?.[1] ?? '');
    if (line === INSTALL) linkPackages(folder, []);
    if (output !== '') expect(withGaps(stdout.trimEnd(), output)).toBe(output);
  });

  test('all steps together take less than the promised time', () => {
    expect(performance.now() - began).toBeLessThan(MAX_WALK_MS);
  });
});

/**
 * Links packages of this repository into a folder. Also links tsx if this Node version does not load TypeScript. If
 * `names` is empty, the folder already has its packages.
 */
function linkPackages(folder: string, names: readonly string[]): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  if (names.length > 0) {
    symlinkSync(ROOT, join(modules, 'typekro'), 'dir');
    symlinkSync('../typekro/dist/cli/main.js', join(modules, '.bin/typekro'));
  }
  const loader = Reflect.get(process.features, 'typescript') ? [] : ['tsx', 'esbuild', '@esbuild'];
  for (const name of [...names, ...loader]) symlinkSync(join(ROOT, 'node_modules', name), join(modules, name), 'dir');
}

describe('example forms', () => {
  const examples = formExamples();

  let exported: Readonly<Record<string, unknown>>;
  beforeAll(async () => {
    exported = await import('../../examples/graphs/graphs.ts');
  });

  test('there are 18 examples, and each has a Graph', () => {
    expect(examples).toHaveLength(18);
    expect(examples.every(({ documents }) => documents.flat().some(({ kind }) => kind === 'Graph'))).toBe(true);
  });

  test.each(examples)('$file: every form creates the objects that the header of the file lists', async (example) => {
    const results = await runForms(example, exported);
    expect(results.flatMap(({ form, problems }) => problems.map((problem) => `${form}: ${problem}`))).toEqual([]);
    expect(unequalForms(results)).toEqual([]);
    expect(results.length).toBeGreaterThanOrEqual(2);
  });
});
