import type { KubeObject, ObjectRef } from '../core/index.ts';
import type { Cause } from '../readiness/index.ts';
import { causesOf } from '../readiness/index.ts';
import { KubeError } from './error.ts';
import type { KubernetesApi, ResourceType } from './types.ts';

/** Kinds of objects that workloads and operators create, down to pods. */
const MADE: readonly ResourceType[] = [
  { apiVersion: 'v1', kind: 'Pod' },
  { apiVersion: 'v1', kind: 'PersistentVolumeClaim' },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet' },
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'apps/v1', kind: 'StatefulSet' },
  { apiVersion: 'apps/v1', kind: 'DaemonSet' },
  { apiVersion: 'batch/v1', kind: 'Job' },
];

const EVENT: ResourceType = { apiVersion: 'v1', kind: 'Event' };

/** Maximum of objects of a kind that are read in a namespace. */
const MAX_OBJECTS = 500;

/** Why one object is not ready. */
export interface ReadCauses {
  readonly object: ObjectRef;
  readonly causes: readonly Cause[];
  /** Failed reads with their reasons: the causes may be incomplete. */
  readonly unread: readonly string[];
}

/**
 * Finds why objects are not ready: reads the objects, the events of their namespaces, and the objects that they created
 * there. An absent object has no causes. A failed read is listed in `unread`, never thrown.
 */
export async function readCauses(
  api: Pick<KubernetesApi, 'find' | 'list'>,
  refs: readonly ObjectRef[],
  signal: AbortSignal,
): Promise<ReadCauses[]> {
  const namespaces = [...new Set(refs.map(({ namespace = '' }) => namespace))];
  const around = new Map(
    await Promise.all(
      namespaces.map(async (namespace) => [namespace, await surroundings(api, namespace, signal)] as const),
    ),
  );
  return Promise.all(
    refs.map(async (ref): Promise<ReadCauses> => {
      const { objects, events, unread } = around.get(ref.namespace ?? '') ?? NOTHING;
      const [object, failure] = await attempt(() => api.find(ref, { signal }));
      return {
        object: ref,
        causes: object === undefined ? [] : causesOf(object, { objects, events }),
        unread: failure === undefined ? unread : [...unread, `it could not be read: ${failure}`],
      };
    }),
  );
}

interface Around {
  readonly objects: readonly KubeObject[];
  readonly events: readonly KubeObject[];
  readonly unread: readonly string[];
}

const NOTHING: Around = { objects: [], events: [], unread: [] };

async function surroundings(api: Pick<KubernetesApi, 'list'>, namespace: string, signal: AbortSignal): Promise<Around> {
  // Of cluster-scoped objects only the events matter, which are in `default`.
  const types = namespace === '' ? [EVENT] : [EVENT, ...MADE];
  const lists = await Promise.all(
    types.map(async (type) => {
      const [list, failure] = await attempt(() =>
        api.list(type, { namespace: namespace || 'default', limit: MAX_OBJECTS, signal }),
      );
      return { type, failure, items: list?.items ?? [] };
    }),
  );
  return {
    events: lists.filter(({ type }) => type === EVENT).flatMap(({ items }) => items),
    objects: lists.filter(({ type }) => type !== EVENT).flatMap(({ items }) => items),
    unread: lists.flatMap(({ type: { kind }, failure }) =>
      failure === undefined
        ? []
        : [`${kind === 'Event' ? 'its events' : `objects of kind ${kind}`} could not be read: ${failure}`],
    ),
  };
}

/** The answer, or the reason of the failure. */
async function attempt<Answer>(
  read: () => Promise<Answer>,
): Promise<readonly [Answer | undefined, string | undefined]> {
  try {
    return [await read(), undefined];
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return [undefined, error.message];
  }
}
