import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { findClient } from '../../support/clients.ts';
import { startClusterStory } from '@typekro/cluster/test-support/cluster-story';
import { RunningCommand } from '../../support/command.ts';
import { eventually, logOf, nodeProgram, processPod } from '@typekro/cluster/test-support/process-pod';

const python = findClient('python') ?? '';
const script = fileURLToPath(new URL('../python/forward.py', import.meta.url));

const ANSWER = `const { createServer } = require('node:net');
const answer = (socket) => socket.on('data', (bytes) => socket.end('<' + bytes + '>'));
createServer(answer).listen(8080, process.env.TYPEKRO_POD_IP, () => {
  createServer(answer).listen(8081, process.env.TYPEKRO_POD_IP, () => console.log('up'));
});`;

test.skipIf(python === '')(
  'the Python client forwards two ports at once, and receives the error of a third port',
  async () => {
    await using story = await startClusterStory({ runProcesses: true });
    const { kubeconfig } = await story.cluster.listen();
    await story.create(processPod({ containers: [nodeProgram(ANSWER)] }));
    await eventually(async () => expect(await logOf(story)).toBe('up\n'));
    const folder = mkdtempSync(join(tmpdir(), 'typekro-python-'));
    writeFileSync(join(folder, 'kubeconfig'), kubeconfig);
    const env = { ...process.env, KUBECONFIG: join(folder, 'kubeconfig'), HOME: folder };
    const args = [script, '8080', '8081', '9999'];
    const { stdout, stderr, code } = await new RunningCommand(python, args, { cwd: folder, env }).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      '8080 <8080> ',
      '8081 <8081> ',
      expect.stringMatching(/^9999 {2}error forwarding port 9999 to pod p_default, uid \S+: connect ECONNREFUSED/),
      '',
    ]);
  },
  60_000,
);
