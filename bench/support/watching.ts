/** Waits with one watch until objects meet a condition. */
import type { KubeObject } from '../../dist/core/index.js';
import type { KubeClient } from '../../dist/kube/index.js';

/** Follows, with one watch, which objects of a type meet the condition. */
interface Followed extends AsyncDisposable {
  /** Resolves when the object with this name meets the condition. */
  reached(name: string): Promise<void>;
  /** Resolves when the object with this name does not meet the condition. */
  left(name: string): Promise<void>;
  /** Resolves when exactly `wanted` objects meet the condition. */
  count(wanted: number): Promise<void>;
}

/**
 * Watches the objects of a type. Types of kro are watched in the whole cluster, other types in the namespace `default`.
 */
export function follow(
  client: KubeClient,
  type: { apiVersion: string; kind: string },
  accepts: (object: KubeObject) => boolean,
): Followed {
  const yes = new Set<string>();
  const ending = new AbortController();
  const state = { synced: false };
  let notify: () => void = () => undefined;
  const running = (async () => {
    const namespace = type.apiVersion.startsWith('kro.run/') ? {} : { namespace: 'default' };
    for await (const event of client.watch(type, { ...namespace, signal: ending.signal })) {
      if (event.type === 'SYNCED') state.synced = true;
      if ('object' in event) {
        const name = event.object.metadata.name ?? '';
        if (event.type !== 'DELETED' && accepts(event.object)) yes.add(name);
        else yes.delete(name);
      }
      notify();
    }
  })();
  const when = async (holds: () => boolean) => {
    while (!state.synced || !holds()) await new Promise<void>((resolve) => (notify = resolve));
  };
  return {
    reached: (name) => when(() => yes.has(name)),
    left: (name) => when(() => !yes.has(name)),
    count: (wanted) => when(() => yes.size === wanted),
    async [Symbol.asyncDispose]() {
      ending.abort();
      await running;
    },
  };
}

/** Calls `work` `count` times. At most sixteen calls run at the same time. */
export async function each(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (next < count) await work(next++);
    }),
  );
}
