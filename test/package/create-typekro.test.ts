import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, beforeAll, expect, test } from 'vitest';
import { type Ended, RunningCommand } from '../support/command.ts';
import { dependencyNames } from '../support/packed-package.ts';

describe('create typekro', () => {
  const ROOT = fileURLToPath(new URL('../..', import.meta.url));

  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'typekro-create-'));
  });

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
});

describe('create typekro exit', () => {
  let folder: string;

  /** Runs `npm create typekro` next to a package `typekro` whose command is this code. */
  function create(code: string, env: NodeJS.ProcessEnv = {}): RunningCommand {
    writeFileSync(join(folder, 'node_modules/typekro/main.mjs'), code);
    const command = join(folder, 'create-typekro.mjs');
    return new RunningCommand(process.execPath, [command, 'my-app'], { cwd: folder, env: { ...process.env, ...env } });
  }

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'typekro-create-exit-'));
    mkdirSync(join(folder, 'node_modules/typekro'), { recursive: true });
    writeFileSync(
      join(folder, 'node_modules/typekro/package.json'),
      '{ "name": "typekro", "bin": { "typekro": "main.mjs" } }',
    );
    const script = fileURLToPath(new URL('../../create-typekro/create-typekro.js', import.meta.url));
    copyFileSync(script, join(folder, 'create-typekro.mjs'));
  });

  test.each([
    ['the exit code of the command', 'process.exitCode = 3;', 3],
    [
      '128 plus the number of the signal that ended the command',
      'process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1000);',
      137,
    ],
  ])('the exit code is %s', async (_what, code, expected) => {
    expect(await create(code).ended).toMatchObject({ code: expected, stderr: '' });
  });

  test('a signal is passed on to the command, and the exit code of the command is used', async () => {
    const running = create(
      'process.on("SIGTERM", () => process.exit(7)); setInterval(() => {}, 1000); console.log("ready");',
    );
    await running.until(/ready/);
    running.process.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 7 });
  });

  test('a command that cannot start causes an error with a message', async () => {
    const script = 'process.execPath="/none/node"';
    const ended = await create('', { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` })
      .ended;
    expect(ended).toMatchObject({ code: 1, stderr: 'error: typekro init does not start: spawn /none/node ENOENT\n' });
  });
});
