import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TestCluster } from '@typekro/testing';
import { createCluster } from '@typekro/testing';
import { CLI, RunningCommand } from '../support/command.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const FILE = NAMES.map((name) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {k: v}\n`).join(
  '---\n',
);

let cwd: string;
let cluster: TestCluster;
beforeEach(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-closed-'));
  cluster = await createCluster();
  const { kubeconfig } = await cluster.listen();
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  writeFileSync(join(cwd, 'maps.yaml'), FILE);
});
afterEach(async () => {
  await cluster.close();
  rmSync(cwd, { recursive: true, force: true });
});

const names = async (): Promise<string[]> => {
  const maps = await cluster.client.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'default' });
  return maps.items.map(({ metadata }) => metadata.name ?? '').filter((name) => NAMES.includes(name));
};

test.skipIf(spawnSync('sh', ['-c', 'exit']).status !== 0).each(['apply', '--debug --debug apply'])(
  'typekro %s completes its work when the reader of its output ends early',
  async (words) => {
    // `head` ends after the first line. Nothing reads the rest of the output.
    const applied = new RunningCommand(
      'sh',
      ['-c', `"${process.execPath}" "${CLI}" ${words} maps.yaml --kubeconfig kubeconfig | head -n 1`],
      { cwd },
    );
    expect((await applied.ended).stderr).toBe('');
    expect(await names()).toEqual(NAMES);
  },
);
