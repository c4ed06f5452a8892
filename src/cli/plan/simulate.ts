import type { KubeObject } from '../../core/index.ts';
import { isBookkeeping, ObservedStore } from '../../deploy/index.ts';
import type { Graph } from '../../graph/index.ts';
import type {
  ApiFailure,
  ApplyAction,
  Decision,
  DeleteAction,
  LiveObject,
  ParentWrite,
  ReadRequest,
  StepOptions,
} from '../../runtime/index.ts';
import {
  digestOf,
  digestText,
  isSameFingerprint,
  ownedFingerprint,
  equivalenceOf,
  step,
  StepMemory,
} from '../../runtime/index.ts';
import type { Checked } from './plan.ts';
import { keptKind, NOT_OF_INSTANCE } from './replacement.ts';

/** One instance, and the graph that it will follow. */
export interface SimulationInput {
  readonly graph: Graph;
  readonly instance: KubeObject;
  readonly step: Omit<StepOptions, 'memory'>;
  /** Counts a write as made already. Default: what controllers write for themselves is listed as its own kind of write. */
  readonly isSettled?: (action: ApplyAction) => boolean;
}

/** What the simulation asks its driver for; exactly one of the two lists has entries. */
export interface SimulationRequest {
  /** To be answered in the store: as present, absent or failed. */
  readonly reads: readonly ReadRequest[];
  /** To be answered one by one, in this order. */
  readonly writes: readonly ApplyAction[];
  /** The view of this instance. */
  readonly store: ObservedStore;
}

/** What a write would give: the object that would be stored, or why it is refused. */
export interface WriteAnswer {
  readonly checked: Checked;
  readonly object?: KubeObject;
  readonly failure?: ApiFailure;
  /** The write is refused for nothing but fields that cannot change on an object that exists. */
  readonly immutable?: true;
}

/** One write of a simulation. */
export interface SimulatedWrite {
  readonly wave: number;
  /** Nodes that are taken for ready, so that this write can be seen. */
  readonly after: readonly string[];
  /** The live object before the write. */
  readonly before?: KubeObject;
  readonly apply?: ApplyAction;
  readonly delete?: DeleteAction;
  readonly answer?: WriteAnswer;
  /** Nothing but labels and annotations of controllers differs. */
  readonly bookkeeping?: true;
  /** A field cannot change: delete the object, then create it. */
  readonly replace?: true;
  /** A field cannot change, but the object is not to be deleted: why. */
  readonly kept?: string;
}

/** All writes of an instance, and the decision after the last one. */
export interface SimulationResult {
  readonly writes: readonly SimulatedWrite[];
  readonly decision: Decision;
}

/** More steps than a graph needs: one level for each wave of writes and of reads, and deletions in waves. */
const maxSteps = (graph: Graph): number => 4 * graph.nodes.size + 64;

/**
 * Runs the controller's own step for one instance until nothing is left to do, with answers in place of effects. Pure:
 * the driver of the generator reads and checks. Where nodes wait to be ready after that, they are taken for ready, so
 * that the writes behind them are seen with the values of now.
 */
export function* simulate(
  input: SimulationInput,
): Generator<SimulationRequest, SimulationResult, readonly WriteAnswer[]> {
  const { step: options } = input;
  let { graph, instance } = input;
  const store = new ObservedStore(() => options.now);
  const memory = new StepMemory();
  const writes: SimulatedWrite[] = [];
  let after: readonly string[] = [];
  let wave = 1;
  const limit = maxSteps(graph);
  for (let steps = 0; ; steps += 1) {
    const decision = step(graph, instance, store, { ...options, memory });
    for (const { target, pair } of decision.equivalences) store.setEquivalence(target, pair);
    if (settle(input, store, decision)) continue;
    const reads = [...decision.read, ...unseen(store, decision)];
    if (reads.length > 0) {
      yield { reads, writes: [], store };
      if (steps < limit) continue;
    }
    if ((decision.apply.length === 0 && decision.delete.length === 0) || steps >= limit) {
      const waiting = waitingNodes(decision);
      const next = waiting.filter((id) => !after.includes(id));
      if (next.length === 0 || steps >= limit) return { writes, decision };
      after = [...after, ...next];
      graph = takenForReady(input.graph, after);
      continue;
    }
    instance = withParent(instance, decision.parent);
    const changes: ApplyAction[] = [];
    for (const action of decision.apply) {
      const live = onlyBookkeeping(store, action);
      if (live === undefined) {
        changes.push(action);
        continue;
      }
      setEquivalent(store, action, live);
      writes.push({ wave, after, apply: action, before: live.object, bookkeeping: true });
    }
    const answers = changes.length === 0 ? [] : yield { reads: [], writes: changes, store };
    changes.forEach((action, index) => {
      const before = liveOf(store, action);
      const answer = answers[index] ?? { checked: 'none' };
      const made = { wave, after, apply: action, answer, ...(before === undefined ? {} : { before }) };
      const isFixed = answer.immutable === true && before !== undefined;
      const kept = isFixed ? keptChild(action) : undefined;
      const isReplaced = isFixed && kept === undefined;
      writes.push(isReplaced ? { ...made, replace: true } : kept === undefined ? made : { ...made, kept });
      if (answer.failure === undefined || isReplaced) {
        store.setApplied(action.target, answer.object ?? createdOf(action.desired), action.fingerprint, true);
      } else {
        const digest = digestText(action.fingerprint);
        store.setFailedWrite(action.target, { digest, failure: answer.failure, retryAt: Infinity, failures: 1 });
      }
    });
    for (const action of decision.delete) {
      const known = store.object(action.target);
      const before = known.state === 'present' ? known.live.object : memberOf(store, action);
      writes.push({ wave, after, delete: action, ...(before === undefined ? {} : { before }) });
      store.setGone(action.target, action.uid);
      store.setObject(action.target, undefined);
    }
    store.forgetMembers();
    wave += 1;
  }
}

/** Objects that a controller sees by its watches, and that were not read: those of nodes that wait. */
function unseen(store: ObservedStore, { watch }: Decision): ReadRequest[] {
  return watch.flatMap((each) =>
    each.kind === 'object' && store.object(each.target).state === 'unknown'
      ? [{ ...each, why: 'unknown' as const }]
      : [],
  );
}

/** Takes the writes that the caller counts as made for made; true when another step will see more. */
function settle({ isSettled }: SimulationInput, store: ObservedStore, { apply }: Decision): boolean {
  let found = false;
  for (const action of apply) {
    const live = isSettled?.(action) === true ? liveUnlessEquivalent(store, action) : undefined;
    if (live === undefined) continue;
    setEquivalent(store, action, live);
    found = true;
  }
  return found;
}

/** The live child when a write would change nothing but labels and annotations of controllers. */
function onlyBookkeeping(store: ObservedStore, action: ApplyAction): LiveObject | undefined {
  return isBookkeeping(action) ? liveUnlessEquivalent(store, action) : undefined;
}

/** The live child, unless the store knows already that it stands for this write. */
function liveUnlessEquivalent(store: ObservedStore, { target, fingerprint }: ApplyAction): LiveObject | undefined {
  const known = store.object(target);
  if (known.state !== 'present') return undefined;
  const before = equivalenceOf(known.live)?.desired;
  return before !== undefined && isSameFingerprint(before, fingerprint) ? undefined : known.live;
}

function setEquivalent(store: ObservedStore, { target, fingerprint }: ApplyAction, live: LiveObject): void {
  store.setEquivalence(target, { desired: fingerprint, owned: live.owned ?? ownedFingerprint(live.object) });
}

function liveOf(store: ObservedStore, { target }: ApplyAction): KubeObject | undefined {
  const known = store.object(target);
  return known.state === 'present' ? known.live.object : undefined;
}

/** Why a child stays that cannot be changed; `undefined`: it is deleted and created anew. */
function keptChild({ why, desired }: ApplyAction): string | undefined {
  return keptKind(desired) ?? (why === 'adopt' ? NOT_OF_INSTANCE : undefined);
}

function memberOf(store: ObservedStore, { target, uid }: DeleteAction): KubeObject | undefined {
  return store.objectsOf(target.type.group, target.type.kind).find(({ metadata }) => metadata.uid === uid);
}

/** The object that a create gives, as far as it follows from the request alone. */
function createdOf(desired: KubeObject): KubeObject {
  const uid = desired.metadata.uid ?? plannedUid(desired);
  return { ...desired, metadata: { ...desired.metadata, uid } };
}

/** The instance with the labels, the inventory and the finalizer that the controller writes before children. */
function withParent(instance: KubeObject, { labels, inventory }: ParentWrite): KubeObject {
  const { metadata } = instance;
  const written = [labels, inventory].filter((object) => object !== undefined).map((object) => object.metadata);
  if (written.length === 0) return instance;
  return {
    ...instance,
    metadata: {
      ...metadata,
      labels: Object.assign({}, metadata.labels, ...written.map((each) => each.labels)) as Record<string, string>,
      annotations: Object.assign({}, metadata.annotations, ...written.map((each) => each.annotations)) as Record<
        string,
        string
      >,
      finalizers: [
        ...new Set([...(metadata.finalizers ?? []), ...written.flatMap(({ finalizers }) => finalizers ?? [])]),
      ],
    },
  };
}

/** Nodes that are as wanted and wait for nothing but their own readiness. */
function waitingNodes({ nodes }: Decision): string[] {
  return nodes.filter(({ state, because }) => state === 'waiting' && because.kind === 'not-ready').map(({ id }) => id);
}

function takenForReady(graph: Graph, ids: readonly string[]): Graph {
  const nodes = new Map(graph.nodes);
  for (const id of ids) {
    const node = nodes.get(id);
    if (node !== undefined) nodes.set(id, { ...node, readyWhen: [] });
  }
  return { ...graph, nodes };
}

/**
 * In place of the UID that a server gives to a new object: the same in each plan. Controllers write the UID of an
 * instance as a label, so that it holds only what a label may.
 */
export function plannedUid({ apiVersion, kind, metadata: { namespace = '', name = '' } }: KubeObject): string {
  return `new-${digestOf([apiVersion, kind, namespace, name]).slice(0, 32)}`;
}
