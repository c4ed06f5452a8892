import { expect, test } from 'vitest';
import type { KubernetesApi } from '@typekro/kube';
import type { InstanceObservation } from '../instance/observation.ts';
import { readPodLog } from './read-pod-log.ts';

const pod = { apiVersion: 'v1', kind: 'Pod', namespace: 'a', name: 'web-1' };

/**
 * Reads the last lines of a log through a fake kubelet. Like a kubelet, it selects the last `tailLines` lines, and
 * returns the first `limitBytes` bytes of these lines.
 */
function read(lines: readonly string[], tail: number) {
  const api = {
    find: () =>
      Promise.resolve({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace: 'a', name: 'web-1' },
        spec: { containers: [{ name: 'main' }] },
      }),
    raw({ path }: { path: string }) {
      const query = new URL(path, 'http://host').searchParams;
      const bytes = Buffer.from(lines.slice(-Number(query.get('tailLines'))).join(''));
      const text = bytes.subarray(0, Number(query.get('limitBytes'))).toString();
      return Promise.resolve({ status: 200, headers: {}, text });
    },
  } as unknown as KubernetesApi;
  const decision = { nodes: [{ id: 'web', objects: [{ object: pod, state: 'present' }] }] };
  const observation = { decision } as unknown as InstanceObservation;
  const request = { pod, container: 'main', previous: false, tail };
  return readPodLog({ api, observation }, request, AbortSignal.timeout(1000));
}

const numbered = (count: number, size: number): string[] =>
  Array.from({ length: count }, (_, index) => `${`${index + 1} `.padEnd(size - 1, 'ü')}\n`);

test.each([
  ['short lines', numbered(10, 20), 500, { length: 10, truncated: false }],
  ['more lines than requested', numbered(10, 20), 4, { length: 4, truncated: true }],
  ['long lines', numbered(500, 1000), 500, { length: 250, truncated: true }],
  ['very long lines', numbered(8, 200_000), 500, { length: 1, truncated: true }],
])('reads the newest lines of a log with %s', async (_title, lines, tail, { length, truncated }) => {
  const log = await read(lines, tail);
  expect(log.lines.at(-1)?.split(' ')[0]).toBe(String(lines.length));
  expect(log).toMatchObject({ lines: { length }, truncated });
});
