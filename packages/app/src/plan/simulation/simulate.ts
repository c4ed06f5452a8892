import { type KubeObject, definedMembers } from '@typekro/kit/core';
import { isBookkeeping, ObservedStore, laidOver } from '@typekro/sdk/deploy';
import { patchWriter } from '@typekro/controller/execute';
import type { Graph } from '@typekro/engine/graph';
import type {
  ApplyAction,
  Decision,
  Decisions,
  FieldDifference,
  NodeReport,
  Reports,
  StepOptions,
} from '@typekro/engine/runtime';
import { Fingerprint, ObjectKey, step, StepMemory } from '@typekro/engine/runtime';
import type { Checked } from '@typekro/controller/inspect';
import { keptKind, NOT_OF_INSTANCE } from '../replacement.ts';

/** An instance, and the graph with which it is simulated. */
export interface SimulationInput {
  readonly graph: Graph;
  readonly instance: KubeObject;
  readonly step: Omit<StepOptions, 'memory'>;
  /** Returns true for a difference of a write that is none. By default, each difference is one. */
  readonly isSame?: (action: ApplyAction, difference: Pick<FieldDifference, 'path' | 'found' | 'wanted'>) => boolean;
}

/** A request of the simulation to its driver. Exactly one of `reads` and `writes` has entries. */
export interface SimulationRequest {
  /** The requested reads. The driver records each result in `store` as present, absent or failed. */
  readonly reads: readonly Decisions.ReadRequest[];
  /** The requested writes. The driver returns one answer per write, in the same order. */
  readonly writes: readonly ApplyAction[];
  /** The observed objects of this instance. */
  readonly store: ObservedStore;
}

/** The result of a write: the object that would be stored, or the failure. */
export interface WriteAnswer {
  readonly checked: Checked;
  readonly object?: KubeObject;
  readonly failure?: Reports.ApiFailure;
  /** True when the write is refused only because of immutable fields. */
  readonly immutable?: true;
  /** The object that another instance of the plan creates first. The write is not made, and is decided again. */
  readonly taken?: KubeObject;
}

/** One write of a simulation. */
export interface SimulatedWrite {
  readonly wave: number;
  /** The nodes that the simulation assumed to be ready before this write. */
  readonly after: readonly string[];
  /** The live object before the write. */
  readonly before?: KubeObject;
  readonly apply?: ApplyAction;
  readonly delete?: Decisions.DeleteAction;
  /** The release of a retired object that is kept. */
  readonly orphan?: Decisions.OrphanAction;
  /** The release of the fields of a patch node. */
  readonly release?: Decisions.ReleaseAction;
  readonly answer?: WriteAnswer;
  readonly isSame?: SimulationInput['isSame'];
  /** True when the write changes only labels and annotations of controllers. */
  readonly bookkeeping?: true;
  /** True when an immutable field changes, so the object must be deleted and created again. */
  readonly replace?: true;
  /** The reason why an object with a changed immutable field is not deleted. */
  readonly kept?: string;
}

/** All writes of an instance, and the decision after the last one. */
export interface SimulationResult {
  readonly writes: readonly SimulatedWrite[];
  /**
   * The decision when no work remains and no node has been assumed to be ready yet. It shows the nodes that wait if no
   * other node becomes ready.
   */
  readonly standing: Decision;
  readonly decision: Decision;
}

/**
 * The maximum number of steps of a simulation, to which each written object adds two. A graph needs fewer steps: along
 * its longest chain of dependencies, each node needs at most one step for reads, one for writes and one for deletions.
 * A collection whose items are written one after the other needs more steps, but each of them writes another object.
 */
const maxSteps = (graph: Graph): number => 4 * graph.nodes.size + 64;

/**
 * Runs the controller's step function for one instance until no work remains. The generator makes no requests: its
 * driver reads objects and checks writes. When nodes only wait to become ready, the simulation assumes that they are
 * ready, so that it includes the later writes with the present values.
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
  let standing: Decision | undefined;
  const written = new Set<string>();
  for (let steps = 0; ; steps += 1) {
    // Each written object allows two more steps: for its write, and for a read.
    const limit = maxSteps(graph) + 2 * written.size;
    const decision = step(graph, instance, store, { ...options, memory });
    for (const { target, pair, writer } of decision.equivalences) store.setEquivalence(target, pair, writer);
    if (settle(input, store, decision)) continue;
    const reads = [...decision.read, ...store.unread(decision.watch)];
    if (reads.length > 0) {
      yield { reads, writes: [], store };
      if (steps < limit) continue;
    }
    const { orphan = [] } = decision;
    if (decision.apply.length + orphan.length + decision.delete.length === 0 || steps >= limit) {
      // Expressions can read the labels that the controller sets on the instance, so another step decides with these
      // labels.
      if (decision.parent.labels !== undefined && steps < limit) {
        instance = withParent(instance, decision.parent);
        continue;
      }
      const created = new Set(
        writes.flatMap(({ apply, before }) => (before === undefined && apply !== undefined ? [apply.nodeId] : [])),
      );
      const waiting = waitingNodes(decision, graph, created);
      const next = waiting.filter((id) => !after.includes(id));
      standing ??= decision;
      if (next.length === 0 || steps >= limit) {
        const released = (decision.release ?? []).map((release) => ({
          wave,
          after,
          release,
          ...beforeOf(store, release),
        }));
        return { writes: [...writes, ...released], standing, decision };
      }
      after = [...after, ...next];
      graph = withReadyNodes(input.graph, after);
      continue;
    }
    instance = withParent(instance, decision.parent);
    const marks = new Map<ApplyAction, KubeObject>();
    for (const action of decision.apply) {
      const before = isBookkeeping(action) ? liveOf(store, action) : undefined;
      if (before !== undefined && store.settle(action)) marks.set(action, before);
    }
    const changes = decision.apply.filter((action) => !marks.has(action));
    const answers = changes.length === 0 ? [] : yield { reads: [], writes: changes, store };
    const answerOf = new Map(changes.map((action, index) => [action, answers[index] ?? UNCHECKED]));
    // Keeps the order of the decision, in which the controller sends the writes.
    for (const action of decision.apply) {
      const answer = answerOf.get(action);
      if (answer?.taken !== undefined) {
        store.setObject(action.target, undefined);
        store.setObject(action.target, answer.taken);
        continue;
      }
      const mark = { apply: action, bookkeeping: true, ...definedMembers({ before: marks.get(action) }) } as const;
      writes.push({
        wave,
        after,
        ...(answer === undefined ? mark : recordWrite(store, action, answer)),
        ...definedMembers({ isSame: input.isSame }),
      });
    }
    // A released object no longer belongs to the instance, so it is recorded as gone, like a deleted object.
    const retirements = [
      ...orphan.map((action) => ({ action, record: { orphan: action } })),
      ...decision.delete.map((action) => ({ action, record: { delete: action } })),
    ];
    for (const { action, record } of retirements) {
      const known = store.object(action.target);
      const before = known.state === 'present' ? known.live.object : memberOf(store, action);
      writes.push({ wave, after, ...record, ...(before === undefined ? {} : { before }) });
      store.setGone(action.target, action.uid);
      store.setObject(action.target, undefined);
    }
    for (const { target } of [...decision.apply, ...orphan, ...decision.delete])
      written.add(ObjectKey.ofTarget(target));
    store.forgetMembers();
    wave += 1;
  }
}

/** The answer to a write that is not checked. */
const UNCHECKED: WriteAnswer = { checked: 'none' };

/** A write without its position in the plan. */
type Written = Omit<SimulatedWrite, 'wave' | 'after'>;

/** Records a write of a child, and stores its result. */
function recordWrite(store: ObservedStore, action: ApplyAction, answer: WriteAnswer): Written {
  const before = liveOf(store, action);
  const isFixed = answer.immutable === true && before !== undefined;
  const kept = isFixed ? keptChild(action) : undefined;
  const isReplaced = isFixed && kept === undefined;
  if (answer.failure === undefined || isReplaced) {
    store.setApplied(action, answer.object ?? storedBy(action, before), true);
  } else {
    const attempt = { digest: Fingerprint.ofText(action.fingerprint), uid: action.uid };
    const failed = { ...attempt, failure: answer.failure, retryAt: Infinity, failures: 1 };
    store.setFailedWrite(action.target, failed, patchWriter(action));
  }
  return {
    apply: action,
    answer,
    ...definedMembers({ before }),
    ...(isReplaced ? { replace: true } : definedMembers({ kept })),
  };
}

/**
 * Marks the writes without a difference as made. Returns true when there are any, because the next step can then decide
 * more.
 */
function settle({ isSame }: SimulationInput, store: ObservedStore, { apply }: Decision): boolean {
  let found = false;
  for (const action of isSame === undefined ? [] : apply) {
    const { differences = [] } = action;
    if (differences.length > 0 && differences.every((each) => isSame?.(action, each)) && store.settle(action))
      found = true;
  }
  return found;
}

function liveOf(store: ObservedStore, { target }: ApplyAction): KubeObject | undefined {
  const known = store.object(target);
  return known.state === 'present' ? known.live.object : undefined;
}

/**
 * Returns the reason why a child with a changed immutable field is not replaced, or `undefined` when it is replaced.
 */
function keptChild({ why, desired }: ApplyAction): string | undefined {
  return keptKind(desired) ?? (why === 'adopt' ? NOT_OF_INSTANCE : undefined);
}

function beforeOf(store: ObservedStore, { target }: Decisions.ReleaseAction): Pick<SimulatedWrite, 'before'> {
  const known = store.object(target);
  return known.state === 'present' ? { before: known.live.object } : {};
}

function memberOf(store: ObservedStore, { target, uid }: Decisions.DeleteAction): KubeObject | undefined {
  return store.objectsOf(target.type.group, target.type.kind).find(({ metadata }) => metadata.uid === uid);
}

/**
 * Predicts the object that an apply stores, without the server: from the request and the live object before it. A patch
 * changes only its own fields.
 */
export function storedBy(action: ApplyAction, before: KubeObject | undefined): KubeObject {
  const { desired } = action;
  if (before !== undefined && patchWriter(action) !== undefined) return laidOver(before, desired);
  const uid = desired.metadata.uid ?? plannedUid(desired);
  return { ...desired, metadata: { ...desired.metadata, uid } };
}

/**
 * Adds the labels, the inventory and the finalizer that the controller writes to the instance before it writes
 * children.
 */
function withParent(instance: KubeObject, { labels, inventory }: Decisions.ParentWrite): KubeObject {
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

/**
 * Finds the nodes that only wait until their objects become ready. These include collections whose next batch
 * `propagateWhen` holds back until earlier items are ready. For a new object, they include nodes whose `readyWhen`
 * fails with its status: a dry run returns fields that a controller fills later (`conditions: null` of a CRD).
 *
 * @param created the nodes with objects that the simulation created
 */
function waitingNodes({ nodes }: Decision, graph: Graph, created: ReadonlySet<string>): string[] {
  const waits = ({ id, state, because }: NodeReport): boolean =>
    (state === 'waiting' &&
      (because.kind === 'not-ready' || (because.kind === 'held' && graph.nodes.get(id)?.nodeType === 'collection'))) ||
    (because.kind === 'expression-failed' &&
      because.path === 'readyWhen' &&
      because.reads?.some(({ path }) => /^status\b/.test(path)) === true &&
      created.has(id));
  return nodes.filter(waits).map(({ id }) => id);
}

function withReadyNodes(graph: Graph, ids: readonly string[]): Graph {
  const nodes = new Map(graph.nodes);
  for (const id of ids) {
    const node = nodes.get(id);
    if (node !== undefined) nodes.set(id, { ...node, readyWhen: [] });
  }
  return { ...graph, nodes };
}

/**
 * Returns a placeholder for the UID of a new object. The placeholder is the same in every plan. It contains only
 * characters that a label allows, because controllers write the UID of an instance into a label.
 */
export function plannedUid({ apiVersion, kind, metadata: { namespace = '', name = '' } }: KubeObject): string {
  return `new-${Fingerprint.of([apiVersion, kind, namespace, name]).slice(0, 32)}`;
}
