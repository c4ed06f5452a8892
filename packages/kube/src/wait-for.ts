import { type KubeObject, type ObjectRef, isoTime } from '@typekro/kit/core';
import { isTimeout, withDeadline } from './deadline.ts';
import type { KubeError } from './kube-error.ts';
import type { Clock, KubernetesApi } from './kube-api.ts';

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

/** The result of work with a time limit. `outage` is '' unless the API server did not respond at the time limit. */
export type InTime<Result> = { readonly value: Result; readonly outage?: undefined } | { readonly outage: string };

/**
 * Runs work that waits for objects. After the time limit, returns since when the API server does not respond, as the end
 * of a sentence.
 *
 * @param limitMs in milliseconds
 * @param work gets `waitForObject` with the time limit, and the signal of the time limit
 */
export async function withinLimit<Result>(
  { api, signal, clock }: { readonly api: KubernetesApi; readonly signal: AbortSignal; readonly clock: Clock },
  limitMs: number,
  work: (
    wait: <Found>(ref: ObjectRef, look: (object: KubeObject | undefined) => Found | undefined) => Promise<Found>,
    until: AbortSignal,
  ) => Promise<Result>,
): Promise<InTime<Result>> {
  let limit: AbortSignal | undefined;
  let outage: { readonly since: string; readonly message: string } | undefined;
  try {
    const value = await withDeadline(limitMs, [signal], clock, (until) => {
      limit = until;
      return work((ref, look) => {
        const check: typeof look = (object) => {
          outage = undefined;
          return look(object);
        };
        return waitForObject(api, ref, until, check, ({ message }) => {
          outage = { since: outage?.since ?? isoTime(clock.now()), message };
        });
      }, until);
    });
    return { value };
  } catch (thrown) {
    if (limit === undefined || !isTimeout(limit)) throw thrown;
    return {
      outage:
        outage === undefined ? '' : `: the API server has not responded since ${outage.since} (${outage.message})`,
    };
  }
}
