import { type KubeObject, objectName, refOf, TypeKroError } from '@typekro/kit/core';
import { withinLimit } from '@typekro/kube';
import { objectsAt, textAt, valueAt } from '@typekro/kit/kubernetes';
import { readConditions } from '@typekro/engine/runtime';
import type { ObjectWriter } from './apply-object.ts';

/** The time limit for a controller or a server to react to one object, in milliseconds. */
const ANSWER_TIMEOUT_MS = 60_000;

type Waiting = Pick<ObjectWriter, 'api' | 'signal' | 'clock'>;

/**
 * Waits until the controller has observed the applied instance. If a child were deleted before that, the controller
 * would create the child again from the old spec.
 *
 * @throws TypeKroError `apply/not-served` when no condition of the instance is about its generation within the time
 *   limit
 */
export async function waitUntilObserved(waiting: Waiting, instance: KubeObject): Promise<void> {
  const { generation = 0 } = instance.metadata;
  const isSeen = (found: KubeObject) =>
    readConditions(found.status?.['conditions']).some(
      ({ observedGeneration = -1 }) => observedGeneration >= generation,
    );
  await waitFor(waiting, instance, isSeen, {
    what: 'no controller has responded to',
    remedy:
      'check whether the controller runs; no object of the instance was deleted: typekro why explains what the instance waits for',
  });
}

/**
 * Waits until the server serves the kind of an applied CRD. Then adds the kind to the client's discovery, because
 * discovery caches a failed look-up of the kind for some time.
 *
 * @throws TypeKroError `apply/not-served` when the CRD is not established within the time limit
 */
export async function waitUntilEstablished(waiting: Waiting, crd: KubeObject): Promise<void> {
  const isServed = (found: KubeObject) =>
    readConditions(found.status?.['conditions']).some(
      ({ type, status }) => type === 'Established' && status === 'True',
    );
  await waitFor(waiting, crd, isServed, {
    what: 'the API server does not serve the kind of',
    remedy: `look at its conditions: kubectl get crd ${crd.metadata.name ?? ''} -o yaml`,
  });
  const { spec } = crd;
  const [group, kind, plural] = [textAt(spec, 'group'), textAt(spec, 'names', 'kind'), textAt(spec, 'names', 'plural')];
  const namespaced = textAt(spec, 'scope') === 'Namespaced';
  const unknown = { singular: '', shortNames: [], categories: [], verbs: [], subresources: [] };
  for (const version of objectsAt(spec, 'versions')) {
    if (valueAt(version, 'served') !== true) continue;
    waiting.api.discovery.learn({ group, version: textAt(version, 'name'), kind, plural, namespaced, ...unknown });
  }
}

async function waitFor(
  waiting: Waiting,
  object: KubeObject,
  isReached: (found: KubeObject) => boolean,
  { what, remedy }: { readonly what: string; readonly remedy: string },
): Promise<void> {
  const ref = refOf(object);
  const { outage } = await withinLimit(waiting, ANSWER_TIMEOUT_MS, (wait) =>
    wait(ref, (found) => (found !== undefined && isReached(found) ? true : undefined)),
  );
  if (outage === undefined) return;
  throw new TypeKroError(`${what} ${objectName(ref)} within ${ANSWER_TIMEOUT_MS / 1000} s${outage}`, {
    code: 'apply/not-served',
    remedy,
  });
}
