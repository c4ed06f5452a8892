import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findClient } from '../../support/clients.ts';
import { CLI, RunningCommand } from '../../support/command.ts';

/** The programs of docs/embedded-cluster.md, which call the control interface of a named cluster. */
const page = readFileSync(new URL('../../../docs/embedded-cluster.md', import.meta.url), 'utf8');
const programOf = (language: string): string =>
  new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)?.[1] ?? '';

const python = findClient('python') ?? '';
const hasGo = spawnSync('go', ['version'], { stdio: 'ignore' }).status === 0;

describe('faults over HTTP', () => {
  let home: string;
  let env: NodeJS.ProcessEnv;
  const cluster = async (...words: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await new RunningCommand(process.execPath, [CLI, 'cluster', ...words], {
      cwd: home,
      env,
    }).ended;
    expect([code, stderr]).toEqual([0, '']);
    return stdout;
  };

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'control-interface-'));
    env = { ...process.env, HOME: home, XDG_STATE_HOME: home, KUBECONFIG: join(home, 'config') };
    await cluster('start');
    const lines = await cluster('faults', 'default', '-o', 'env');
    for (const [, name = '', value = ''] of lines.matchAll(/export (\w+)='(.*)'/g)) env[name] = value;
  });
  afterAll(async () => {
    await cluster('stop', '--all');
    rmSync(home, { recursive: true, force: true });
  });

  test.skipIf(python === '')('the Python program of docs/embedded-cluster.md runs', async () => {
    const file = join(home, 'control.py');
    writeFileSync(file, programOf('python'));
    const { code, stdout, stderr } = await new RunningCommand(python, [file], { cwd: home, env }).ended;
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'conflicts 0\n', stderr: '' });
    expect(await cluster('clock', 'default')).toContain('600 s ahead');
  });

  test.skipIf(!hasGo)(
    'the Go program of docs/embedded-cluster.md runs',
    async () => {
      const file = join(home, 'control.go');
      writeFileSync(file, programOf('go'));
      const own = { ...env, GO111MODULE: 'off', GOCACHE: join(home, 'go-cache'), GOFLAGS: '' };
      const { code, stdout, stderr } = await new RunningCommand('go', ['run', file], { cwd: home, env: own }).ended;
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'conflicts 0\n', stderr: '' });
    },
    240_000,
  );
});
