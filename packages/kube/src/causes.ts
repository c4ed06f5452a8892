import type { JsonObject, KubeObject, ObjectRef } from '@typekro/kit/core';
import { definedMembers, isBuiltinGroup, isJsonObject, objectName, parseApiVersion, refOf } from '@typekro/kit/core';
import { lastObserved, objectsAt, statusCondition, textAt, valueAt } from '@typekro/kit/kubernetes';
import { PROBE_REMEDY, remedyOfCause } from './cause-remedies.ts';
import { silentCauses } from './silent-causes.ts';
import { readinessOf, StatusReport } from '@typekro/engine/readiness';

/** A reason why an object is not ready. */
export interface Cause {
  /** The affected object: the object itself, or one that it created, such as a pod. */
  readonly object: ObjectRef;
  /** Number of other objects of the same kind that have the same cause. */
  readonly others: number;
  /** The reason as Kubernetes names it, e.g. `ImagePullBackOff`. */
  readonly reason: string;
  /** The message of the controller, the kubelet or the scheduler; may be empty. */
  readonly message: string;
  /** The container whose state is the cause, if the object is a pod. Its log may have details. */
  readonly container?: string;
  /** The remedy for the user; absent for unknown reasons. */
  readonly remedy?: string;
}

/** Objects and events in an object's namespace. */
export interface Surroundings {
  /** Objects that the object may have created or that its pods mount: pods, ReplicaSets, Jobs, claims … */
  readonly objects: readonly KubeObject[];
  /** Events (`v1`). */
  readonly events: readonly KubeObject[];
}

type Found = Omit<Cause, 'others'> & { readonly about?: KubeObject | undefined };

/** The maximum number of causes of one object. */
const MAX_CAUSES = 3;

/** Reasons for which a starting container waits; `''` stands for a container that does not wait. */
const STARTING: ReadonlySet<string> = new Set(['', 'ContainerCreating', 'PodInitializing']);

/** Reasons of events of type Normal that explain why an object waits. */
const WAITING_EVENTS: ReadonlySet<string> = new Set(['ExternalProvisioning', 'FailedBinding', 'WaitForFirstConsumer']);

/** Conditions that report a problem, each with the status that means the problem exists. */
const PROBLEM_CONDITIONS: readonly (readonly [type: string, status: string])[] = [
  ['PodScheduled', 'False'],
  ['ReplicaFailure', 'True'],
  ['Failed', 'True'],
  ['FailureTarget', 'True'],
  ['Stalled', 'True'],
  ['Progressing', 'False'],
];

/**
 * The reasons why an object is not ready. Examines the object itself, all objects that it owns, and the claims that its
 * pods mount. Container states come first, then conditions, then events. Objects that are ready by their kind's rule
 * are skipped. A reason that several objects share is listed once. At most `MAX_CAUSES`; empty if no reason is known.
 */
export function causesOf(object: KubeObject, { objects, events }: Surroundings): Cause[] {
  const family = podFamily(object, objects);
  const open = family.filter(isOpen);
  const pods = open.filter(({ kind }) => kind === 'Pod');
  const others = open.filter(({ kind }) => kind !== 'Pod');
  const failing = new Set(events.filter(isFailedProbe).map((event) => textAt(event, 'involvedObject', 'uid')));
  const states = pods.flatMap((pod) => containerCauses(pod, failing.has(pod.metadata.uid ?? '')));
  const own = isBuiltinGroup(parseApiVersion(object.apiVersion).group) ? [] : summaryCauses(object);
  const conditions = [...own, ...[...pods, ...others].flatMap(conditionCauses)];
  const stated = [...states, ...conditions];
  const newEvents = eventsOf(family, open, objects, events).filter(
    (event) => !stated.some((each) => each.object.name === event.object.name && isRepeated(event, each)),
  );
  const all = [...stated, ...newEvents];
  return merged(all.length > 0 ? all : silentCauses(object)).slice(0, MAX_CAUSES);
}

/** Has a probe failed whose failure ends the container? */
const isFailedProbe = (event: KubeObject): boolean =>
  event['reason'] === 'Unhealthy' && /^(?:Liveness|Startup) probe /.test(textAt(event, 'message'));

/** Does an event tell what the state of a container or a condition of the same object tells? */
function isRepeated({ reason, message }: Found, { reason: stated, message: known, container }: Found): boolean {
  if (container === undefined) return reason === 'FailedScheduling' && stated === 'Unschedulable';
  const [, text = message] = /^Error: (.*)$/s.exec(message) ?? [];
  return reason === 'BackOff' || text === stated || text === BEFORE_BACK_OFF.get(stated) || known.includes(text);
}

/** The state of a container before its back-off. */
const BEFORE_BACK_OFF: ReadonlyMap<string, string> = new Map([['ImagePullBackOff', 'ErrImagePull']]);

/** A cause in one line, e.g. `ImagePullBackOff (Pod shop/web-5d-x and 1 more): Back-off pulling image "a"`. */
export function causeText({ object, others, reason, message }: Cause): string {
  const more = others === 0 ? '' : ` and ${others} more`;
  return `${reason} (${objectName(object)}${more})${message === '' ? '' : `: ${message}`}`;
}

/** The members of {@link podFamily} that are not ready. */
export function openFamily(object: KubeObject, objects: readonly KubeObject[]): KubeObject[] {
  return podFamily(object, objects).filter(isOpen);
}

const isOpen = (object: KubeObject): boolean => !readinessOf(object).ready;

/**
 * The object, all objects that it owns directly or indirectly, and the claims that the pods among these objects mount.
 */
export function podFamily(root: KubeObject, objects: readonly KubeObject[]): KubeObject[] {
  const children = new Map<string, KubeObject[]>();
  for (const object of objects) {
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      children.set(uid, [...(children.get(uid) ?? []), object]);
    }
  }
  const family = new Set([root]);
  // A Set iteration also visits members that are added during the iteration.
  for (const { metadata } of family) for (const child of children.get(metadata.uid ?? '') ?? []) family.add(child);
  const claims = new Set([...family].filter(({ kind }) => kind === 'Pod').flatMap(claimsOf));
  for (const object of objects) {
    if (object.kind === 'PersistentVolumeClaim' && claims.has(object.metadata.name ?? '')) family.add(object);
  }
  return [...family];
}

const claimsOf = (pod: KubeObject): string[] =>
  objectsAt(pod, 'spec', 'volumes').map((volume) => textAt(volume, 'persistentVolumeClaim', 'claimName'));

/** @param isProbed a liveness or startup probe of the pod has failed */
function containerCauses(pod: KubeObject, isProbed: boolean): Found[] {
  const statuses = [
    ...objectsAt(pod, 'status', 'initContainerStatuses'),
    ...objectsAt(pod, 'status', 'containerStatuses'),
  ];
  return statuses.flatMap((status): Found[] => {
    const name = textAt(status, 'name');
    const waiting = textAt(status, 'state', 'waiting', 'reason');
    const ended = valueAt(status, 'state', 'terminated') ?? valueAt(status, 'lastState', 'terminated');
    const end = isJsonObject(ended) && exitCodeOf(ended) !== '0' ? ended : undefined;
    const exit = end === undefined ? '' : `container ${name} ended with exit code ${exitCodeOf(end)}`;
    if (!STARTING.has(waiting)) {
      const waitingMessage = textAt(status, 'state', 'waiting', 'message');
      // Reports the lack of memory as the cause, not the back-off before the restart.
      const isMemory = end !== undefined && textAt(end, 'reason') === 'OOMKilled';
      const message = [exit === '' ? `container ${name} waits` : exit, waitingMessage]
        .filter((part) => part !== '')
        .join('; ');
      const reason = isMemory ? 'OOMKilled' : waiting;
      const remedy = isProbed && reason === 'CrashLoopBackOff' ? { remedy: PROBE_REMEDY } : {};
      return [{ object: refOf(pod), reason, message, container: name, about: pod, ...remedy }];
    }
    if (end === undefined || valueAt(status, 'state', 'running') !== undefined) return [];
    const endMessage = textAt(end, 'message');
    const message = endMessage === '' ? exit : `${exit}; ${endMessage}`;
    return [{ object: refOf(pod), reason: textAt(end, 'reason') || 'Error', message, container: name, about: pod }];
  });
}

const exitCodeOf = (ended: JsonObject): string => String(ended['exitCode']);

/** The cause that a condition reports, if its status is a problem. */
function conditionCause(object: KubeObject, type: string, isProblem: (status: string) => boolean): Found[] {
  const found = statusCondition(object, type);
  if (found === undefined || !isProblem(found.status)) return [];
  return [{ object: refOf(object), reason: found.reason || type, message: found.message, about: object }];
}

const conditionCauses = (object: KubeObject): Found[] =>
  PROBLEM_CONDITIONS.flatMap(([type, status]) => conditionCause(object, type, (each) => each === status));

/**
 * Conditions of custom resources that report a problem if their status is True. Operators such as ACK, Crossplane,
 * cert-manager and Flux write them.
 */
const CUSTOM_PROBLEM_CONDITIONS: readonly string[] = ['ACK.Terminal', 'ACK.Recoverable', 'Degraded', 'Stalled'];

/**
 * The conditions that explain why a custom resource is not ready: first problem conditions that are True, then summary
 * conditions that are not True.
 */
const summaryCauses = (object: KubeObject): Found[] => [
  ...CUSTOM_PROBLEM_CONDITIONS.flatMap((type) => conditionCause(object, type, (status) => status === 'True')),
  ...StatusReport.SUMMARY_CONDITIONS.flatMap((type) => conditionCause(object, type, (status) => status !== 'True')),
];

/** Causes from the events of unready objects and of deleted pods, newest first. */
function eventsOf(
  family: readonly KubeObject[],
  open: readonly KubeObject[],
  objects: readonly KubeObject[],
  events: readonly KubeObject[],
): Found[] {
  const known = new Set(objects.map(({ metadata }) => metadata.name));
  const makers = new Set(family.map(({ metadata }) => metadata.name));
  return events
    .map((event) => ({ event, about: event['involvedObject'], at: timeOfEvent(event) }))
    .toSorted((a, b) => (a.at < b.at ? 1 : -1))
    .flatMap(({ event, about }): Found[] => {
      const reason = textAt(event, 'reason');
      if (!isJsonObject(about) || (event['type'] !== 'Warning' && !WAITING_EVENTS.has(reason))) return [];
      const name = textAt(about, 'name');
      const found = open.find((object) => isAbout(about, object));
      // A pod's name is its owner's name plus a suffix: web-5d9f-x7k2p.
      const isOfDeletedPod =
        textAt(about, 'kind') === 'Pod' && !known.has(name) && makers.has(name.replace(/-[^-]+$/, ''));
      if (found === undefined && !isOfDeletedPod) return [];
      const object = found === undefined ? refIn(about) : refOf(found);
      return [{ object, reason, message: textAt(event, 'message'), about: found }];
    });
}

/** When an Event was last observed, or else when it was created. */
export const timeOfEvent = (event: KubeObject): string =>
  lastObserved(event) || (event.metadata.creationTimestamp ?? '');

/** Is the event about this object, and not about an earlier object of the same name? */
function isAbout(about: JsonObject, { kind, metadata: { name, uid = '' } }: KubeObject): boolean {
  const eventUid = textAt(about, 'uid');
  if (eventUid !== '' && uid !== '') return eventUid === uid;
  return about['name'] === name && about['kind'] === kind;
}

function refIn(about: JsonObject): ObjectRef {
  const [namespace, apiVersion] = [textAt(about, 'namespace'), textAt(about, 'apiVersion')];
  const ref = { apiVersion, kind: textAt(about, 'kind'), name: textAt(about, 'name') };
  return namespace === '' ? ref : { ...ref, namespace };
}

/** Merges causes with the same reason into one. The merged cause names the first object. */
function merged(all: readonly Found[]): Cause[] {
  const byReason = new Map<string, Found[]>();
  for (const each of all) byReason.set(each.reason, [...(byReason.get(each.reason) ?? []), each]);
  return [...byReason.values()].flatMap(([first, ...rest]) => {
    if (first === undefined) return [];
    const { object, reason, message, container, remedy = remedyOfCause(first) } = first;
    // Counts only objects of the same kind: the same refusal appears in the conditions of the ReplicaSet and of its
    // Deployment.
    const names = new Set(rest.filter((each) => each.object.kind === object.kind).map((each) => each.object.name));
    names.delete(object.name);
    const known = { object, others: names.size, reason, message };
    return [{ ...known, ...definedMembers({ container }), ...definedMembers({ remedy }) }];
  });
}
