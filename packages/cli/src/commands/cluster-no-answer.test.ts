import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { useNamedClusters } from '../../test-support/named-clusters.ts';
import { readRecord, writeRecord } from '../clusters/cluster-files.ts';

const clusters = useNamedClusters();
afterEach(() => void vi.restoreAllMocks());

test('every command reports within its time limit that the process of the cluster does not respond', async () => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => void sockets.add(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  await clusters.run('cluster start dev');
  const record = readRecord(clusters.folderOf('dev'));
  if (record === undefined) throw new Error('the cluster has no record');
  writeRecord(clusters.folderOf('dev'), { ...record, controlPort: (silent.address() as AddressInfo).port });
  writeFileSync(join(clusters.home, 'c.yaml'), 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n');
  writeFileSync(join(clusters.home, 'f.yaml'), 'fault: {kind: error, code: 500}\n');
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => timeout(ms === 5000 ? 1 : ms));
  try {
    for (const line of [
      'start dev',
      'status dev',
      'load dev c.yaml',
      'snapshot dev s.jsonl',
      'reset dev',
      'faults dev',
      'faults dev add f.yaml',
      'clock dev',
      'clock dev 1h',
      'restart dev',
    ]) {
      const { code, out, err } = await clusters.run(`cluster ${line}`);
      expect([line, code]).toEqual([line, 1]);
      expect(out + err).toContain('does not respond: it sent nothing in 5 seconds. It is suspended, or too busy');
      expect(out + err).toMatch(/typekro cluster stop \w+ ends/);
    }
    expect((await clusters.run('cluster list')).out).toContain('no response');
  } finally {
    for (const socket of sockets) socket.destroy();
    silent.close();
  }
});
