import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunningCommand } from '../support/command.ts';
import type { Ended } from '../support/command.ts';
import { dependencyNames } from '../support/packed-package.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'typekro-create-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs npm offline, with its own cache. */
async function npm(words: readonly string[], cwd: string): Promise<Ended> {
  const path = process.env['npm_execpath'];
  const [command, first] = path === undefined ? ['npm', []] : [process.execPath, [path]];
  const env = { ...process.env, npm_config_cache: join(folder, 'cache'), npm_config_offline: 'true' };
  const ended = await new RunningCommand(command, [...first, ...words], { cwd, env }).ended;
  expect(`${ended.code} ${ended.code === 0 ? '' : ended.stdout + ended.stderr}`).toBe('0 ');
  return ended;
}

test(
  'with the packed packages, npm create typekro my-app writes a project that runs',
  { timeout: 180_000 },
  async () => {
    const names = dependencyNames();
    const packed = [ROOT, join(ROOT, 'create-typekro'), ...names.map((name) => join(ROOT, 'node_modules', name))];
    await npm(['pack', '--ignore-scripts', '--pack-destination', folder, ...packed], ROOT);
    const tarballs = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    expect(tarballs).toHaveLength(packed.length);

    await npm(['install', '--ignore-scripts', ...tarballs.map((name) => `./${name}`)], folder);
    const { stdout } = await npm(['exec', '--', 'create-typekro', 'my-app'], folder);
    expect(stdout).toContain('wrote  package.json tsconfig.json app.ts app.test.ts');

    // Before a release, the project installs `typekro` from the tarball, too. Its other packages are linked.
    const project = join(folder, 'my-app');
    const path = join(project, 'package.json');
    const { dependencies, devDependencies, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>;
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    const tarball = tarballs.find((name) => name.startsWith('typekro-'));
    expect(dependencies['typekro']).toBe(`file:../${tarball}`);
    const others = tarballs.filter((name) => !name.includes('typekro-')).map((name) => `../${name}`);
    writeFileSync(path, JSON.stringify({ ...rest, dependencies: { typekro: dependencies['typekro'] } }));
    await npm(['install', '--ignore-scripts', ...others], project);
    for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
      if (name === 'typekro') continue;
      const link = join(project, 'node_modules', name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules', name), link, 'dir');
    }
    const run = await new RunningCommand(
      process.execPath,
      [join(project, 'node_modules/typekro/dist/cli/main.js'), 'up', '--once', 'app.ts'],
      { cwd: project },
    ).ended;
    expect(run.stderr).toBe('');
    expect(run.stdout).toMatch(/WebApp default\/hello +ACTIVE/);
    expect(run.code).toBe(0);
  },
);

test('create-typekro passes on the exit code of typekro init, and writes no file if one of the files exists', async () => {
  const again = await new RunningCommand(
    process.execPath,
    [join(folder, 'node_modules/create-typekro/create-typekro.js'), 'my-app'],
    { cwd: folder },
  ).ended;
  expect(again.stderr).toContain('my-app has package.json');
  expect(again.code).toBe(1);
  expect(existsSync(join(folder, 'app.ts'))).toBe(false);
});
