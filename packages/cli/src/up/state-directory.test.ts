import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadKubeConfig } from '@typekro/kube';
import { takeStateDirectory } from './state-directory.ts';

test('the suggested command for a running cluster can be copied, even if its path contains spaces', () => {
  const folder = mkdtempSync(join(tmpdir(), "typekro it's "));
  try {
    const state = takeStateDirectory({ cwd: folder, signal: new AbortController().signal }, 'default');
    const quoted = `'${state.kubeconfig.replace("'", `'\\''`)}'`;
    expect(() => takeStateDirectory({ cwd: folder, signal: new AbortController().signal }, 'default')).toThrow(
      expect.objectContaining({ remedy: expect.stringContaining(`\`export KUBECONFIG=${quoted}\``) }),
    );
    state.release();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the server address in the kubeconfig of a stopped cluster says that the cluster has ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-state-'));
  try {
    const state = takeStateDirectory({ cwd: folder, signal: new AbortController().signal }, 'default');
    state.release();
    const { server, credentials } = await loadKubeConfig({ path: state.kubeconfig });
    expect(server).toBe('https://this-cluster-has-ended-.start-it-again-with.typekro-up.invalid');
    expect(credentials).toEqual({ token: 'ended' });
    // This call throws unless the name is free again.
    takeStateDirectory({ cwd: folder, signal: new AbortController().signal }, 'default').release();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.each([
  ['.typekro', '.'],
  ['.typekro/default', '.typekro'],
  ['.typekro/default/state', '.typekro/default'],
  ['.typekro/default/kubeconfig', '.typekro/default'],
  ['.typekro/default/log', '.typekro/default'],
])('nothing is written through a link that came with the project: %s', (link, parent) => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-state-'));
  try {
    mkdirSync(join(folder, 'project', parent), { recursive: true });
    mkdirSync(join(folder, 'outside'));
    symlinkSync(join(folder, 'outside'), join(folder, 'project', link));
    expect(() =>
      takeStateDirectory({ cwd: join(folder, 'project'), signal: new AbortController().signal }, 'default'),
    ).toThrow(
      expect.objectContaining({ code: 'up/state-directory', message: expect.stringContaining('is a symbolic link') }),
    );
    expect(readdirSync(join(folder, 'outside'))).toEqual([]);
    expect(readdirSync(join(folder, 'project', parent))).toHaveLength(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
