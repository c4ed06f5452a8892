import { expect, test } from 'vitest';
import { TestClock } from '../../../test/support/test-clock.ts';
import { pot, potDefinition } from '../../../test/support/virtual-world.ts';
import type { KubernetesApi, ResourceType, WatchEvent, WatchOptions } from '../../kube/index.ts';
import { KubeError } from '../../kube/index.ts';
import { ClusterIndex } from './cluster-index.ts';

const SYNCED: WatchEvent = { type: 'SYNCED', resourceVersion: '1' };
const RESTARTED: WatchEvent = { type: 'RESTARTED' };
const failed = (status: number, message: string): WatchEvent => ({
  type: 'ERROR',
  error: new KubeError(message, { status, reason: 'x' }),
  retryAfterMs: 1,
});

/** An index whose watch of pots reports these events, one after each call of the returned `next`. */
async function indexOf(first: WatchEvent, ...later: readonly WatchEvent[]) {
  const gates = later.map(() => {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    return { open, opened };
  });
  const clock = new TestClock();
  const api = {
    discovery: { resourceOf: () => Promise.resolve(undefined) },
    async *watch({ kind }: ResourceType, { signal }: WatchOptions = {}) {
      if (kind === 'Pot') {
        yield first;
        for (const [index, event] of later.entries()) {
          await gates[index]?.opened;
          yield event;
        }
      } else {
        yield { type: 'ADDED', object: potDefinition([]) } as const;
        yield SYNCED;
      }
      await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
    },
  } as unknown as KubernetesApi;
  const index = new ClusterIndex({ api, clock });
  await index.start();
  let done = 0;
  const next = async (): Promise<void> => {
    gates[done]?.open();
    done += 1;
    await clock.advance(0);
  };
  return { index, next };
}

test.each<[string, WatchEvent]>([
  ['a change', { type: 'MODIFIED', object: pot('a') }],
  ['a bookmark', { type: 'BOOKMARK', resourceVersion: '2' }],
])('the note about a lost connection goes with %s', async (_title, event) => {
  const { index, next } = await indexOf(SYNCED, failed(0, 'no connection'), event);
  expect(index.limits()).toEqual([]);
  await next();
  expect(index.limits()).toEqual(['instances of Pot cannot be listed: no connection']);
  await next();
  expect(index.limits()).toEqual([]);
  await index.close();
});

test('instances of a first list that failed before are events, because clients have read a list without them', async () => {
  const { index, next } = await indexOf(
    failed(403, 'pots is forbidden: User "robot" cannot list'),
    RESTARTED,
    { type: 'ADDED', object: pot('a') },
    SYNCED,
  );
  expect(index.limits()).toEqual(['instances of Pot cannot be listed: this server may not list and watch them']);
  for (let step = 0; step < 3; step += 1) await next();
  expect(index.log.after(0).events.map(({ type }) => type)).toEqual(['instance-changed']);
  expect(index.limits()).toEqual([]);
  await index.close();
});
