import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findClient } from '../../support/clients.ts';
import { CLI, RunningCommand } from '../../support/command.ts';

/*
 * Runs the tests of the example controllers in other languages. The Python tests run when `npm run clients` has
 * installed their packages. The first builds of Java and Rust take minutes, so these tests run only with
 * `TYPEKRO_EXAMPLES=java,rust`.
 */

const LIMIT_MS = 900_000;
const python = findClient('python') ?? '';
const requested = (process.env['TYPEKRO_EXAMPLES'] ?? '').split(',').filter((name) => name !== '');
const example = (name: string) => fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));

/** The environment of an example. The variable `TYPEKRO` names the command of this repository. */
interface Scene {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

describe.skipIf(process.platform === 'win32')('examples in other languages', () => {
  let scene: Scene;

  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'typekro-languages-'));
    const env = { ...process.env, TYPEKRO: `${process.execPath} ${CLI}`, XDG_STATE_HOME: join(folder, 'state') };
    scene = { folder, env: { ...env, XDG_CACHE_HOME: join(folder, 'cache'), PYTHONDONTWRITEBYTECODE: '1' } };
  });
  afterAll(() => rmSync(scene.folder, { recursive: true, force: true }));

  const run = (command: string, words: readonly string[], cwd: string, more: NodeJS.ProcessEnv = {}) =>
    new RunningCommand(command, words, { cwd, env: { ...scene.env, ...more } }).ended;

  test.skipIf(python === '')(
    'Python: the tests of a kopf controller pass on a named cluster',
    async () => {
      const words = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider'];
      const { code, stdout, stderr } = await run(python, words, example('cluster-python'));
      expect(`${stdout}${stderr} ended with ${code}`).toMatch(/^2 passed in .* ended with 0$/ms);
    },
    LIMIT_MS,
  );

  test.runIf(requested.includes('java'))(
    'Java: the tests of a fabric8 controller pass with the programs of `typekro envtest`',
    async () => {
      const asked = await run(process.execPath, [CLI, 'envtest'], scene.folder);
      const system = process.platform === 'darwin' ? 'darwin' : 'linux';
      const processor = process.arch === 'arm64' ? 'arm64' : 'amd64';
      mkdirSync(join(scene.folder, 'servers/k8s'), { recursive: true });
      symlinkSync(asked.stdout.trimEnd(), join(scene.folder, `servers/k8s/1.36.0-${system}-${processor}`));
      const more = { KUBE_API_TEST_DIR: join(scene.folder, 'servers') };
      const { code, stdout } = await run('mvn', ['-B', 'test'], example('envtest-java'), more);
      expect(`${stdout} ended with ${code}`).toMatch(/Tests run: 2, Failures: 0, Errors: 0.* ended with 0$/s);
    },
    LIMIT_MS,
  );

  test.runIf(requested.includes('rust'))(
    'Rust: the tests of a kube-rs controller pass on a named cluster',
    async () => {
      const { code, stdout, stderr } = await run('cargo', ['test', '--test', 'greetings'], example('cluster-rust'));
      expect(`${stderr}${stdout} ended with ${code}`).toMatch(/test result: ok\. 2 passed; 0 failed.* ended with 0$/s);
    },
    LIMIT_MS,
  );
});
