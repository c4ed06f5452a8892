import { type JsonValue, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { WebhookPending } from '../../webhooks/webhook-pending.ts';
import type { StandIn, StandInKind, StandInResult } from '../../stand-in.ts';
import type { StoreEvent } from '../../store/store.ts';
import { type SimulatedController, keyOfObject, splitKey, concerns } from '../simulated-controller.ts';
import type { ControllerClient, ResourceName } from '../controller-client.ts';
import { recordEvent } from '../events.ts';
import type { StandInFailures } from './failures.ts';
import { ObjectView } from './object-view.ts';
import { setFinalizer, writeResult } from './write-result.ts';

/** The annotation that marks the Deployment of a controller that this cluster simulates. */
const STAND_IN = 'typekro.dev/stand-in';

const DEPLOYMENTS: ResourceName = { group: 'apps', plural: 'deployments' };

/** The settings with which a cluster runs a stand-in. */
export interface HostOptions {
  /** The duration of each step of a simulated controller's work, in milliseconds. */
  readonly stepMs: number;
  readonly failures: StandInFailures;
}

/** Runs a stand-in as simulated controllers: one per controller name among the stand-in's kinds. */
export function hostStandIn(standIn: StandIn, options: HostOptions): SimulatedController[] {
  const names = new Set(standIn.kinds.map(({ controller = standIn.name }) => controller));
  return [...names].map((name) => new HostedController(name, kindsOf(standIn, name), options));
}

const kindsOf = ({ name: own, kinds }: StandIn, name: string): StandInKind[] =>
  kinds.filter(({ controller = own }) => controller === name);

/**
 * Runs the controllers of a stand-in that is loaded later. Each of them works only while a Deployment with its name and
 * the annotation `STAND_IN` has a ready pod.
 *
 * @param load is called for the first such Deployment, and calls its argument with the stand-in
 */
export function hostDeployed(
  names: readonly string[],
  options: HostOptions,
  load: (install: (standIn: StandIn) => void) => void,
): SimulatedController[] {
  let isRequested = false;
  const hosted: HostedController[] = names.map((name) => new HostedController(name, [], options, request));
  function request(): void {
    if (isRequested) return;
    isRequested = true;
    load((standIn) => {
      for (const each of hosted) each.kinds = kindsOf(standIn, each.name);
    });
  }
  return hosted;
}

/** The state of the work on one object. */
interface Work {
  readonly uid: string;
  readonly spec: JsonValue | undefined;
  /**
   * The time at which the work on this spec began. `undefined` when the object is older than the stand-in; all steps
   * then count as done.
   */
  readonly beganAt: number | undefined;
  /** A decision whose writes wait for webhooks. The next run carries out this decision. */
  decision?: Decision | undefined;
  /** The reasons and messages of the last result's events, one event per line. */
  eventsText?: string;
}

interface Decision {
  readonly result: StandInResult | undefined;
  readonly againMs: number | undefined;
}

class HostedController implements SimulatedController {
  readonly name: string;
  readonly fieldManager: string;
  readonly ownFailures = true;
  kinds: readonly StandInKind[];
  readonly #options: HostOptions;
  /** Loads the kinds of a controller that works only while its Deployment runs; `undefined` for all others. */
  readonly #load: (() => void) | undefined;
  readonly #work = new Map<string, Work>();
  /**
   * The time of the first event, in milliseconds since the epoch. For objects created earlier, all steps count as done.
   */
  #startedAt: number | undefined;

  constructor(name: string, kinds: readonly StandInKind[], options: HostOptions, load?: () => void) {
    this.name = name;
    this.fieldManager = name;
    this.kinds = kinds;
    this.#options = options;
    this.#load = load;
  }

  reset(): void {
    this.#work.clear();
    this.#startedAt = undefined;
  }

  target(key: string, client: ControllerClient): KubeObject | undefined {
    const { group, plural, namespace, name } = partsOf(key);
    return client.get({ group, plural }, namespace, name);
  }

  *keysOf(event: StoreEvent, client: ControllerClient): Iterable<string> {
    this.#startedAt ??= client.now();
    const { collection, stored } = event;
    const { kind, metadata } = stored.object;
    if (this.#kindOf(collection.group, kind) !== undefined) yield keyOf(collection, stored.key);
    for (const owner of metadata.ownerReferences ?? []) {
      if (this.#kindOf(groupOf(owner.apiVersion), owner.kind) === undefined) continue;
      const resource = client.resourceOfKind(owner.apiVersion, owner.kind);
      const { namespace } = metadata;
      if (resource === undefined) continue;
      yield keyOf(resource, resource.namespaced ? `${namespace}/${owner.name}` : owner.name);
    }
    for (const each of this.kinds) {
      const followed = each.follows?.find((follow) => follow.group === collection.group && follow.kind === kind);
      if (followed !== undefined && hasLabel(stored.object, followed.label))
        yield* allKeys(each, client, followed.anywhere ? '' : (metadata.namespace ?? ''));
    }
    if (this.#load !== undefined && concernsDeployment(event, this.name)) {
      if (metadata.annotations?.[STAND_IN] === 'true') this.#load();
      for (const each of this.kinds) yield* allKeys(each, client, '');
    }
  }

  #kindOf(group: string, kind: string): StandInKind | undefined {
    return this.kinds.find((each) => isOfKind(each, group, kind));
  }

  reconcile(key: string, client: ControllerClient): number | undefined {
    const object = this.target(key, client);
    if (object === undefined) {
      this.#work.delete(key);
      return undefined;
    }
    if (this.#load !== undefined && !isDeployed(client, this.name)) return undefined;
    const kind = this.#kindOf(partsOf(key).group, object.kind);
    if (kind === undefined) return undefined;
    const finalizer = typeof kind.finalizer === 'function' ? kind.finalizer(object) : kind.finalizer;
    const { deletionTimestamp, finalizers = [] } = object.metadata;
    const hasFinalizer = finalizer !== undefined && finalizers.includes(finalizer);
    if (deletionTimestamp !== undefined && !hasFinalizer) return undefined;
    if (finalizer !== undefined && !hasFinalizer && kind.isFinalizerOfUser !== true) {
      // The update causes an event, and the event queues the key again.
      setFinalizer(client, object, finalizer, true);
      return undefined;
    }
    const isDeleted = deletionTimestamp !== undefined;
    const { result, againMs } = this.#carryOut(key, object, client, kind);
    if (isDeleted && finalizer !== undefined && result?.unfinished !== true)
      setFinalizer(client, object, finalizer, false);
    return againMs;
  }

  /**
   * Decides and writes. While a write waits for a webhook, later runs repeat the writes of the first decision instead
   * of deciding again.
   */
  #carryOut(key: string, object: KubeObject, client: ControllerClient, kind: StandInKind): Decision {
    const work = this.#workOn(key, object, client);
    const decision = work.decision ?? this.#decide(work, object, client, kind);
    work.decision = decision;
    let isWaiting = false;
    try {
      if (decision.result !== undefined) this.#write(work, object, client, decision.result);
    } catch (error) {
      isWaiting = error instanceof WebhookPending;
      throw error;
    } finally {
      if (!isWaiting) work.decision = undefined;
    }
    return decision;
  }

  /** Writes a result. Records its events only when the events or the status differ from those of the last result. */
  #write(work: Work, object: KubeObject, client: ControllerClient, result: StandInResult): void {
    const isChanged = writeResult(client, object, result);
    const { events = [] } = result;
    const text = events.map(({ reason, message }) => `${reason} ${message}`).join('\n');
    if (!isChanged && text === work.eventsText) return;
    for (const { reason, message, type = 'Normal' } of events)
      recordEvent(client, object, this.name, reason, message, type);
    work.eventsText = text;
  }

  #decide({ beganAt }: Work, object: KubeObject, client: ControllerClient, kind: StandInKind): Decision {
    const { failures, stepMs } = this.#options;
    const view = new ObjectView(object, client, { failure: failures.find(object), stepMs, beganAt });
    const isDeleted = object.metadata.deletionTimestamp !== undefined;
    const result = isDeleted ? kind.finalize?.(object, view) : kind.reconcile(object, view);
    const times = [view.nextStepMs, result?.againMs].filter((time) => time !== undefined);
    return { result, againMs: times.length === 0 ? undefined : Math.min(...times) };
  }

  /**
   * The work on the current spec of an object. The work starts again when the spec changes, or when a new object has
   * the same name.
   */
  #workOn(key: string, object: KubeObject, client: ControllerClient): Work {
    const { uid = '', creationTimestamp = '' } = object.metadata;
    const spec = object.spec as JsonValue | undefined;
    const known = this.#work.get(key);
    if (known !== undefined && known.uid === uid && jsonEquals(known.spec, spec)) return known;
    // `creationTimestamp` has no fraction of a second, so the object may be up to a second younger than this timestamp
    // says.
    const isEarlier = Date.parse(creationTimestamp ?? '') + 1000 <= (this.#startedAt ?? 0);
    const work: Work = { uid, spec, beganAt: known === undefined && isEarlier ? undefined : client.now() };
    this.#work.set(key, work);
    return work;
  }
}

/**
 * Returns the group of an API version. The function avoids allocations, because it is called for each owner in each
 * event.
 */
const groupOf = (apiVersion: string): string => apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/')));

const hasLabel = ({ metadata }: KubeObject, label: string | undefined): boolean =>
  label === undefined || metadata.labels?.[label] !== undefined;

function isOfKind(each: StandInKind, group: string, kind: string): boolean {
  const isGroup = each.group.startsWith('*.') ? group.endsWith(each.group.slice(1)) : group === each.group;
  return isGroup && (each.kind === undefined || each.kind === kind);
}

/** The keys of all objects of a kind in a namespace, `''` for all namespaces. */
function* allKeys(kind: StandInKind, client: ControllerClient, namespace: string): Iterable<string> {
  for (const resource of client.resources()) {
    if (!isOfKind(kind, resource.group, resource.kind)) continue;
    for (const object of client.list(resource, resource.namespaced ? namespace : '')) {
      yield keyOf(resource, keyOfObject(object));
    }
  }
}

const keyOf = ({ group, plural }: { readonly group: string; readonly plural: string }, key: string): string =>
  `${plural}.${group}:${key}`;

function partsOf(key: string): {
  readonly group: string;
  readonly plural: string;
  readonly namespace: string;
  readonly name: string;
} {
  const colon = key.indexOf(':');
  const dot = key.indexOf('.');
  return { plural: key.slice(0, dot), group: key.slice(dot + 1, colon), ...splitKey(key.slice(colon + 1)) };
}

/** Does a marked Deployment with the name of the controller have a ready pod? */
function isDeployed(client: ControllerClient, controller: string): boolean {
  return client
    .list(DEPLOYMENTS, '')
    .some(
      ({ metadata, status }) =>
        metadata.name === controller &&
        metadata.annotations?.[STAND_IN] === 'true' &&
        Number(status?.['readyReplicas'] ?? 0) > 0,
    );
}

/** Is the event about a Deployment with the name of the controller? */
function concernsDeployment(event: StoreEvent, controller: string): boolean {
  return concerns(event, 'apps', 'deployments') && event.stored.object.metadata.name === controller;
}
