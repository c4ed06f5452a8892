import type { KubeObject, ObjectRef } from '@typekro/kit/core';
import type { KubeError } from './kube-error.ts';
import type { KubernetesApi } from './kube-api.ts';

/**
 * Watches one object until `look` returns a value other than `undefined`. `look` is called with the object, or with
 * `undefined` while the object is absent. It may throw to end the wait. Rejects with the signal's reason when the
 * signal aborts, and with a `KubeError` when the credentials or rights are not sufficient. After any other failure, the
 * watch continues, and `onTrouble` is called.
 */
export async function waitForObject<Result>(
  api: KubernetesApi,
  ref: ObjectRef,
  signal: AbortSignal,
  look: (object: KubeObject | undefined) => Result | undefined,
  onTrouble?: (error: KubeError) => void,
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
      if (event.type === 'ERROR') {
        if (event.error.status === 401 || event.error.status === 403) throw event.error;
        onTrouble?.(event.error);
      }
      // Until the list is complete, an object that was not reported yet may still exist.
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
