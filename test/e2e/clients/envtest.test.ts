import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { envtestExample, findClient } from '../../support/clients.ts';
import { RunningCommand } from '../../support/command.ts';
import { makePackedProject } from '../../support/packed-package.ts';

const program = findClient('envtest') ?? '';

/**
 * Runs the test of `examples/envtest-go` with the programs of the packed package, in folders whose names contain
 * spaces.
 */
test.skipIf(program === '' || process.platform === 'win32')(
  'a test with envtest.Environment runs unchanged when KUBEBUILDER_ASSETS names the folder of `typekro envtest`',
  async () => {
    const parent = mkdtempSync(join(tmpdir(), 'a project with spaces '));
    try {
      const project = makePackedProject(parent, 'dependencies');
      const env = { ...process.env, XDG_CACHE_HOME: join(parent, 'a cache') };
      const run = (command: string, words: readonly string[], cwd: string, more: NodeJS.ProcessEnv = {}) =>
        new RunningCommand(command, words, { cwd, env: { ...env, ...more } }).ended;
      const result = await run(process.execPath, ['node_modules/typekro/dist/cli/main.js', 'envtest'], project);
      expect(`${result.code} ${result.stderr}`).toBe('0 ');
      const tested = await run(program, ['-test.v'], envtestExample, { KUBEBUILDER_ASSETS: result.stdout.trimEnd() });
      expect(`${tested.stdout}${tested.stderr} ended with ${tested.code}`).toMatch(/^PASS\n ended with 0$/m);
      expect(tested.stdout.match(/^--- PASS: /gm)).toHaveLength(3);
      expect(tested.stdout).toMatch(/^control plane ready in \d+ ms$/m);
    } finally {
      rmSync(parent, { recursive: true, force: true });
    }
  },
  120_000,
);
