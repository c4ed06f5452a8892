import type { KubeObject, ObjectRef } from '../core/index.ts';
import type { KubernetesApi } from './types.ts';

/**
 * Watches one object until `look` gives a value for it; `look` may throw to end the wait. Absent objects
 * are looked at as `undefined`. Rejects with the signal's reason when it aborts.
 */
export async function waitForObject<Result>(
  api: KubernetesApi,
  ref: ObjectRef,
  signal: AbortSignal,
  look: (object: KubeObject | undefined) => Result | undefined,
): Promise<Result> {
  const stop = new AbortController();
  const events = api.watch(
    { apiVersion: ref.apiVersion, kind: ref.kind },
    {
      ...(ref.namespace === undefined ? {} : { namespace: ref.namespace }),
      fieldSelector: `metadata.name=${ref.name}`,
      signal: AbortSignal.any([signal, stop.signal]),
    },
  );
  let current: KubeObject | undefined;
  try {
    for await (const event of events) {
      if (event.type === 'ADDED' || event.type === 'MODIFIED') current = event.object;
      else if (event.type === 'DELETED' || event.type === 'RESTARTED') current = undefined;
      // During the first list an object that has not come yet is not known to be absent.
      if (event.type === 'RESTARTED' || event.type === 'BOOKMARK' || event.type === 'ERROR') continue;
      const result = look(current);
      if (result !== undefined) return result;
    }
  } finally {
    stop.abort();
  }
  signal.throwIfAborted();
  throw new Error(`the watch of ${ref.kind} ${ref.name} ended without being stopped`);
}
