/** What the caller is told of a deploy that did not succeed, beside the nodes: events, logs, what is left. */
import type { KubeObject, ObjectRef } from '../core/index.ts';
import { formatRef, isJsonObject } from '../core/index.ts';
import type { KubernetesApi } from '../kube/index.ts';
import { KubeError } from '../kube/index.ts';
import { shorten } from './errors.ts';
import { readinessOf } from '../readiness/index.ts';
import type { Decision, NodeReport } from '../runtime/index.ts';
import { applySetIdOf, keys } from '../runtime/index.ts';

/** How long looking for events may take when the time of the deploy is over, in milliseconds. */
const LOOK_MS = 3000;
/** How many objects are looked at, and how many events of each are told. */
const MOST_OBJECTS = 5;
/** How many children of an instance are looked at. */
const MOST_CHILDREN = 50;
const MOST_EVENTS = 3;

/** Kinds that have logs, as `kubectl logs` names them. */
const LOGGED = new Map([
  ['Deployment', 'deployment'],
  ['StatefulSet', 'statefulset'],
  ['DaemonSet', 'daemonset'],
  ['ReplicaSet', 'replicaset'],
  ['Job', 'job'],
  ['Pod', 'pod'],
]);

/** The command that prints the logs of an object, for kinds that have any. */
export function logsCommand({ kind, name, namespace = 'default' }: ObjectRef): string | undefined {
  const type = LOGGED.get(kind);
  return type === undefined ? undefined : `kubectl logs -n ${namespace} ${type}/${name} --all-containers`;
}

/** One event in one line. */
interface Told {
  readonly at: string;
  readonly warning: boolean;
  readonly text: string;
}

function toldOf(event: KubeObject): Told {
  const { reason, message, type, lastTimestamp, eventTime, involvedObject } = event;
  const about = isJsonObject(involvedObject) ? involvedObject['name'] : undefined;
  const at = [lastTimestamp, eventTime, event.metadata.creationTimestamp].find((time) => typeof time === 'string');
  return {
    at: typeof at === 'string' ? at : '',
    warning: type === 'Warning',
    text: `${String(type)} ${String(reason)} (${String(about)}): ${shorten(String(message))}`,
  };
}

/**
 * The last events of an object and of what it made (pods carry its name and more), warnings first. An object's
 * events are what `kubectl describe` shows.
 */
export function lastEvents(events: readonly KubeObject[], { name }: ObjectRef): string[] {
  return events
    .filter(({ involvedObject }) => {
      const about = isJsonObject(involvedObject) ? involvedObject['name'] : undefined;
      return about === name || (typeof about === 'string' && about.startsWith(`${name}-`));
    })
    .map(toldOf)
    .toSorted((a, b) => Number(b.warning) - Number(a.warning) || (a.at < b.at ? 1 : -1))
    .slice(0, MOST_EVENTS)
    .map(({ text }) => text);
}

/** Events and logs commands of the objects that a deploy still waited for, as indented lines. */
export function tellWaiting(api: KubernetesApi, nodes: readonly NodeReport[]): Promise<string[]> {
  const objects = nodes.flatMap((node) => node.objects).filter(({ state }) => state !== 'absent');
  return tellObjects(
    api,
    objects.map(({ object }) => object),
    AbortSignal.timeout(LOOK_MS),
  );
}

/**
 * The children of an instance that are not ready, with the reason, events and logs command of each, and those that are
 * there and belong to it, as lines.
 */
export async function tellChildren(
  api: KubernetesApi,
  instance: KubeObject,
  children: readonly ObjectRef[],
): Promise<string[]> {
  const applySet = applySetIdOf(instance);
  const signal = AbortSignal.timeout(LOOK_MS);
  const states = await Promise.all(
    children.slice(0, MOST_CHILDREN).map(async (child) => {
      try {
        const object = await api.find(child, { signal });
        const { ready, reason, message } =
          object === undefined ? { ready: false, reason: 'it does not exist', message: '' } : readinessOf(object);
        const isOurs = object?.metadata.labels?.[keys.PART_OF_LABEL] === applySet;
        return { child, ready, exists: object !== undefined, isOurs, why: message === '' ? reason : message };
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        return { child, ready: false, exists: false, isOurs: false, why: error.message };
      }
    }),
  );
  const waiting = states.filter(({ ready }) => !ready);
  const existing = waiting.filter(({ exists }) => exists).map(({ child }) => child);
  return [
    ...waiting.map(({ child, why }) => `  ${formatRef(child)}: ${why}`),
    ...(await tellObjects(api, existing, signal)),
    ...tellExisting(
      states.filter(({ isOurs }) => isOurs).map(({ child }) => child),
      'deploy again to go on from there, deleteInstance() to remove it',
    ),
  ];
}

async function tellObjects(api: KubernetesApi, all: readonly ObjectRef[], signal: AbortSignal): Promise<string[]> {
  const objects = all.slice(0, MOST_OBJECTS);
  const namespaces = [...new Set(objects.flatMap(({ namespace }) => namespace ?? []))];
  const found = new Map<string, readonly KubeObject[] | string>();
  for (const namespace of namespaces) found.set(namespace, await eventsIn(api, namespace, signal));
  return objects.flatMap((object) => {
    const events = found.get(object.namespace ?? '') ?? [];
    const lines = typeof events === 'string' ? [events] : lastEvents(events, object);
    const logs = logsCommand(object);
    const all = [...lines, ...(logs === undefined ? [] : [`logs: ${logs}`])];
    return all.length === 0 ? [] : [`  ${formatRef(object)}`, ...all.map((line) => `    ${line}`)];
  });
}

async function eventsIn(api: KubernetesApi, namespace: string, signal: AbortSignal): Promise<KubeObject[] | string> {
  try {
    return (await api.list({ apiVersion: 'v1', kind: 'Event' }, { namespace, limit: 500, signal })).items;
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return `its events could not be read: ${error.message}`;
  }
}

/** What a failed deploy left in the cluster, and how to get rid of it; empty when it made nothing. */
export function tellLeft(decision: Decision): string[] {
  const ours = decision.nodes.filter(({ because }) => because.kind !== 'other-owner');
  const left = ours.flatMap((node) => node.objects).filter(({ state }) => state === 'present');
  return tellExisting(
    left.map(({ object }) => object),
    'deploy again to go on from there, rollback() to go back to the deploy before, deleteInstance() to remove it',
  );
}

function tellExisting(left: readonly ObjectRef[], ways: string): string[] {
  if (left.length === 0) return [];
  const names = left.slice(0, 10).map((object) => formatRef(object));
  const more = left.length > names.length ? ` and ${left.length - names.length} more` : '';
  return [`in the cluster: ${names.join(', ')}${more}`, ways];
}
