import { type JsonValue, type KubeObject, type ObjectRef, formatRef, parseApiVersion, refOf } from '@typekro/kit/core';
import { numberAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import type { OwnedObject } from '@typekro/controller/inspect';
import { readinessOf } from '@typekro/engine/readiness';
import { KubeError, readFamilies, type KubernetesApi } from '@typekro/kube';
import { type InstanceObservation, lastLogLines } from '@typekro/app/instance';

/** The maximum number of pods whose last log line is read. Each of them needs a request. */
const MAX_LOGS = 3;

/**
 * The value of an object that its user looks for first: ready and desired replicas, completions, an address, or a
 * phase. Absent for an object without such a value, and for a value that can come from a Secret.
 *
 * @param isSecret can the value at a path come from a Secret?
 */
export function mainValue(
  object: KubeObject,
  isSecret: (path: string, value: JsonValue) => boolean,
): string | undefined {
  const counted = [
    ['replicas', 'readyReplicas'],
    ['completions', 'succeeded'],
  ].find(([wanted = '']) => numberAt(object, 'spec', wanted) !== undefined);
  if (counted !== undefined) {
    const [wanted = '', ready = ''] = counted;
    const number = numberAt(object, 'spec', wanted) ?? 0;
    return isSecret(`spec.${wanted}`, number) ? undefined : `${numberAt(object, 'status', ready) ?? 0}/${number}`;
  }
  const scheduled = numberAt(object, 'status', 'desiredNumberScheduled');
  if (scheduled !== undefined) return `${numberAt(object, 'status', 'numberReady') ?? 0}/${scheduled}`;
  const [balancer] = objectsAt(object, 'status', 'loadBalancer', 'ingress');
  const own = textAt(object, 'spec', 'clusterIP');
  const address = textAt(balancer, 'hostname') || textAt(balancer, 'ip') || (own === 'None' ? '' : own);
  if (address !== '') return address === own && isSecret('spec.clusterIP', own) ? undefined : address;
  return textAt(object, 'status', 'phase') || undefined;
}

/** The kinds of the core group with pods: a pod itself, and the controller that creates pods. */
const WITH_PODS: ReadonlySet<string> = new Set(['Pod', 'ReplicationController']);

/** May the object own others? Objects of the core group own none, except those with pods. */
export const mayOwn = ({ apiVersion, kind, namespace }: ObjectRef): boolean =>
  namespace !== undefined && (parseApiVersion(apiVersion).group !== '' || WITH_PODS.has(kind));

/** The maximum number of objects of an instance for which the owned objects are read. */
const MAX_OWNERS = 20;

/** Adds to the observation what the objects own whose nodes are not ready. What the user may not read becomes a note. */
export async function withOwnedObjects(
  api: KubernetesApi,
  observation: InstanceObservation,
  signal: AbortSignal,
): Promise<InstanceObservation> {
  const objects = observation.decision.nodes.flatMap((node) => (node.state === 'ready' ? [] : node.objects));
  const owners = objects.filter(({ object, state }) => state === 'present' && mayOwn(object)).slice(0, MAX_OWNERS);
  try {
    const families = await readFamilies(
      api,
      owners.map(({ object }) => object),
      signal,
    );
    const owned = families.map(
      async ({ ref, family }) => [formatRef(ref), await ownedObjects(api, withoutOwner(ref, family), signal)] as const,
    );
    return { ...observation, owned: new Map(await Promise.all(owned)) };
  } catch (error) {
    if (!(error instanceof KubeError) || signal.aborted) throw error;
    return { ...observation, notes: [...observation.notes, `owned objects are not shown: ${error.message}`] };
  }
}

/** A family without its owner. */
export const withoutOwner = (owner: ObjectRef, family: readonly KubeObject[]): readonly KubeObject[] =>
  family.filter((each) => formatRef(refOf(each)) !== formatRef(owner));

/**
 * The objects that an object owns, directly or through others, in the order of `family`. The last line of the log is
 * read for the first pods that are not ready or have restarted.
 */
export function ownedObjects(
  api: Pick<KubernetesApi, 'raw'>,
  family: readonly KubeObject[],
  signal: AbortSignal,
): Promise<readonly OwnedObject[]> {
  let logs = 0;
  return Promise.all(
    family.map(async (object): Promise<OwnedObject> => {
      const { ready, failed, message } = readinessOf(object);
      const statuses = objectsAt(object, 'status', 'containerStatuses');
      const restarts = statuses.reduce((sum, status) => sum + (numberAt(status, 'restartCount') ?? 0), 0);
      const worst = statuses.toSorted(
        (a, b) => (numberAt(b, 'restartCount') ?? 0) - (numberAt(a, 'restartCount') ?? 0),
      )[0];
      const isRead = worst !== undefined && (!ready || restarts > 0) && logs < MAX_LOGS;
      if (isRead) logs += 1;
      const tail = { container: textAt(worst, 'name'), tailLines: '1', limitBytes: '1000' };
      const [log] = (isRead ? await lastLogLines(api, refOf(object), tail, signal) : undefined) ?? [];
      const value = mainValue(object, () => false);
      return {
        object: refOf(object),
        state: ready ? 'ready' : failed ? 'failed' : 'waiting',
        ...(message === '' ? {} : { message }),
        ...(value === undefined ? {} : { value }),
        ...(restarts === 0 ? {} : { restarts }),
        ...(log === undefined ? {} : { log }),
      };
    }),
  );
}
