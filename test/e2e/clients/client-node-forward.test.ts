import { KubeConfig, PortForward } from '@kubernetes/client-node';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { startClusterStory } from '@typekro/cluster/test-support/cluster-story';
import { eventually, logOf, nodeProgram, processPod } from '@typekro/cluster/test-support/process-pod';

const ECHO = `require('node:net').createServer((socket) => socket.on('data', (bytes) => socket.write('<' + bytes + '>')))
  .listen(8080, process.env.TYPEKRO_POD_IP, () => console.log('up'));`;

test.skipIf(process.platform === 'win32')(
  'the JavaScript client forwards one port, and receives the error of another port',
  async () => {
    await using story = await startClusterStory({ runProcesses: true });
    const { kubeconfig } = await story.cluster.listen();
    await story.create(processPod({ containers: [nodeProgram(ECHO)] }));
    await eventually(async () => expect(await logOf(story)).toBe('up\n'));
    const config = new KubeConfig();
    config.loadFromString(kubeconfig);
    for (const [port, output, errors] of [
      [8080, '<hello>', ''],
      [9999, '', 'error forwarding port 9999 to pod p_default'],
    ] as const) {
      const [input, out, err] = [new PassThrough(), new PassThrough(), new PassThrough()];
      const texts = ['', ''];
      out.on('data', (bytes: Buffer) => (texts[0] += bytes.toString()));
      err.on('data', (bytes: Buffer) => (texts[1] += bytes.toString()));
      const socket = await new PortForward(config).portForward('default', 'p', [port], out, err, input);
      input.write('hello');
      await eventually(async () => expect(texts).toEqual([output, expect.stringContaining(errors)]));
      if (typeof socket !== 'function') socket.close();
    }
  },
);
