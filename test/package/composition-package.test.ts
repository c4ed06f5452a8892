import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stepsOfPage, typekroWords, withGaps } from '../support/walked-page.ts';

/**
 * The root folder of the repository. The test builds the package of `examples/starters/composition-package`, uses it in
 * another project, and runs the commands of the package's README.
 */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const EXAMPLE = join(ROOT, 'examples/starters/composition-package');
const [maker = '', user = ''] = readFileSync(join(EXAMPLE, 'README.md'), 'utf8').split(/^## Use it$/m);

let home: string;
let platform: string;
let shop: string;

const node = async (cwd: string, ...words: readonly string[]) => {
  const { stdout } = await promisify(execFile)(process.execPath, words, {
    cwd,
    env: { ...process.env, NO_COLOR: '1' },
  });
  return stdout.trimEnd();
};

const compiler = join(ROOT, 'node_modules/.bin/tsc');

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'typekro-composition-package-'));
  platform = join(home, 'platform');
  shop = join(home, 'shop');
  cpSync(EXAMPLE, platform, { recursive: true });
  cpSync(join(EXAMPLE, 'consumer'), shop, { recursive: true });
  for (const folder of [platform, shop]) {
    mkdirSync(join(folder, 'node_modules/@example'), { recursive: true });
    symlinkSync(ROOT, join(folder, 'node_modules/typekro'), 'dir');
    symlinkSync(join(ROOT, 'node_modules/arktype'), join(folder, 'node_modules/arktype'), 'dir');
  }
  symlinkSync(platform, join(shop, 'node_modules/@example/platform'), 'dir');
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

const walk = async (page: string, cwd: string) => {
  const steps = stepsOfPage(page).flatMap((step) => (step.kind === 'command' ? [step] : []));
  expect(steps.length).toBeGreaterThan(0);
  for (const { line, output } of steps) {
    const words = typekroWords(line)?.split(' ') ?? [];
    expect(withGaps(await node(cwd, join(ROOT, 'dist/cli/main.js'), ...words), output)).toBe(output);
  }
};

test(
  'the package builds and passes its test, and another project uses the package with its types',
  { timeout: 120_000 },
  async () => {
    await walk(maker, platform);
    await node(platform, compiler, '-p', '.');
    await walk(user, shop);
    const strict = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023'];
    expect(await node(shop, compiler, ...strict, 'shop.ts')).toBe('');
  },
);
