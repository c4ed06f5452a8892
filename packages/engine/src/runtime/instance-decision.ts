import { type JsonObject, type KubeObject, earliest, jsonEquals } from '@typekro/kit/core';
import { type Graph, KroLevel } from '../graph/index.ts';
import { OBJECT_RECORD } from '../graph/crd.ts';
import { recordedScope } from './reports/applyset.ts';
import { authorConditions, hasAuthorConditions } from './status/author-conditions.ts';
import { type ConditionContent, instanceConditions } from './conditions.ts';
import { contributionsProblem } from './contributions.ts';
import { failureText } from './reports/failure.ts';
import { hasFinalizer, isReleased, isSuspended } from './reports/finalizer.ts';
import { decideInventory, decideParentWrite, inventoryWrite, isInventoryForeign } from './inventory.ts';
import { nodeIdOf } from './objects/labels.ts';
import { instanceTarget, targetOfLive } from './members.ts';
import type { Condition, Decision, InstanceState, WatchRequest } from './model.ts';
import { nodeConditions } from './status/node-conditions.ts';
import { nowConditions } from './now-sample.ts';
import { objectRecord } from './status/object-record.ts';
import { namespaceWatches, pausedWrite } from './reports/paused-write.ts';
import { projectStatus } from './status/project-status.ts';
import { propagationConditions } from './status/propagation-condition.ts';
import { revisionConditions } from './revision-condition.ts';
import { type Pruning, decidePruning } from './prune.ts';
import type { Because, NodeReport } from './report.ts';
import { type NodeResult, type StepContext, reportOf, schemaVariable } from './step-context.ts';
import { instanceState, MANAGED, RESOLVED, resourcesReadyCondition } from './status/summary.ts';
import { suppressWrites } from './nodes/drop-conflicting-writes.ts';
import { watchHealthConditions } from './status/watch-health.ts';

/** The pruning result when the graph has an `instanceProblem`, so that no node was visited: existing objects stay. */
const NO_PRUNING: Pruning = { delete: [], orphan: [], reports: [], remaining: [], complete: false, messages: [] };

/** The decision for an instance of a definition, from the results of the visited nodes. */
export function decideInstance(context: StepContext): Decision {
  const { graph, instance } = context;
  const refusal = parentRefusal(context);
  const suspended = isSuspended(instance);
  const namespaceViolation = [...context.results.values()].find(({ because }) => because.kind === 'outside-namespace');
  if (suspended || refusal !== undefined || namespaceViolation !== undefined)
    suppressWrites(context, (result) =>
      suspended ? { kind: 'suspended' } : suppressedBecause(namespaceViolation, result),
    );
  const isHeld = suspended || refusal !== undefined || namespaceViolation !== undefined;
  const pruning =
    graph.instanceProblem === undefined ? decidePruning(context, recordedScope(context.recorded)) : NO_PRUNING;
  for (const object of pruning.remaining) context.watches.push(watchOf(graph, object));
  const inventory = decideInventory(context, pruning);
  const results = [...context.results.values()];
  // Children are written only after all requested reads have completed. The order of writes then depends only on the
  // graph, and not on the order in which reads complete. A plan can therefore show this order.
  const isObserved = context.reads.length === 0;
  const isRetiring = !isHeld && isObserved;
  const deletions = isRetiring ? pruning.delete : [];
  const orphans = isRetiring ? pruning.orphan : [];
  const apply = isObserved ? results.flatMap((result) => result.apply) : [];
  const isRefused =
    (refusal !== undefined && refusal.isManaged !== true) || namespaceViolation !== undefined || isReleased(instance);
  const due = isRefused ? {} : decideParentWrite(context, inventory);
  // The inventory of a suspended instance is not written.
  const { inventory: _inventory, ...labelsOnly } = due;
  const written = suspended ? labelsOnly : due;
  const isIdle = [apply, deletions, orphans, context.reads, Object.keys(written)].every((list) => list.length === 0);
  const rewritesInventory = isIdle && !isHeld && isInventoryForeign(instance, inventory);
  const parent = rewritesInventory ? { inventory: inventoryWrite(context, inventory) } : written;
  const nodes = [...results.map(reportOf), ...pruning.reports];
  const status = statusOf(context, pruning, nodes, suspended, refusal);
  const requeueAt = earliest([...results.map(({ retryAt }) => retryAt), pruning.retryAt, refusal?.retryAt]);
  return {
    parent,
    apply,
    delete: deletions,
    ...(orphans.length === 0 ? {} : { orphan: orphans }),
    read: context.reads,
    watch: [...context.watches, ...namespaceWatches(context.missingNamespaces)],
    nodes,
    ...status,
    finalizer: hasFinalizer(instance) ? 'keep' : isReleased(instance) ? 'none' : 'add',
    inventory,
    quiet: isIdle && !rewritesInventory,
    evaluations: context.evaluation.tally?.evaluations ?? 0,
    ...(requeueAt === undefined ? {} : { requeueAt }),
    equivalences: context.equivalences,
  };
}

/**
 * The reason why the controller may not write children. Unless `isManaged` is set, the controller may not write the
 * instance's metadata either.
 */
interface ParentRefusal {
  /** The conditions that the refusal sets, one of which names the reason. Other conditions do not change. */
  readonly values: Readonly<Record<string, ConditionContent>>;
  /** Does the controller still write the finalizer, the labels and the inventory? */
  readonly isManaged?: true;
  /** The instance's state. */
  readonly state: InstanceState;
  readonly retryAt?: number;
}

function unmanaged(problem: string): ParentRefusal {
  const message = `finalizer/labeling failed: ${problem}`;
  return { state: 'ACTIVE', values: { InstanceManaged: { status: 'False', reason: 'ManagementFailed', message } } };
}

/** The refusal for an instance whose graph cannot be built. */
function unbuildable(message: string): ParentRefusal {
  const resolved = { status: 'False', reason: 'ResolutionFailed', message } as const;
  return { state: 'ERROR', isManaged: true, values: { InstanceManaged: MANAGED, GraphResolved: resolved } };
}

/**
 * The refusal for an instance whose record of contributions (`contributions.ts`) cannot be read. As in kro, the
 * condition GraphResolved does not change.
 */
function unreadable(problem: string): ParentRefusal {
  const message = `malformed patch-contribution inventory: ${problem}`;
  const ready = { status: 'False', reason: 'NotReady', message } as const;
  return { state: 'ERROR', values: { InstanceManaged: MANAGED, ResourcesReady: ready } };
}

/**
 * Children are written only if the instance has a finalizer and an inventory. An invalid inventory on an instance
 * without the finalizer comes from another client or from an incomplete write. Such an inventory does not show which
 * kinds and namespaces it must cover, so the controller writes nothing.
 */
function parentRefusal({ instance, observed, options, graph, recorded }: StepContext): ParentRefusal | undefined {
  if (!hasFinalizer(instance) && recorded.state === 'invalid') {
    return unmanaged(`the recorded inventory is invalid: ${recorded.problem}`);
  }
  const contributions = KroLevel.followsGraphEngine(graph.kroCompatibility)
    ? contributionsProblem(instance)
    : undefined;
  if (contributions !== undefined) return unreadable(contributions);
  const attempt = { digest: '', uid: instance.metadata.uid };
  const failed = pausedWrite(observed, instanceTarget(instance, graph), attempt, options.now);
  if (failed === undefined) return graph.instanceProblem === undefined ? undefined : unbuildable(graph.instanceProblem);
  return { ...unmanaged(failureText(failed.failure)), retryAt: failed.retryAt };
}

/**
 * The reason of a node whose writes are suppressed. If a node needs an object outside its namespace, the reason names
 * this node. Otherwise the node keeps its own reason, because the conditions of the instance name the cause.
 */
function suppressedBecause(violation: NodeResult | undefined, { because }: NodeResult): Because {
  if (violation === undefined) return because;
  return { kind: 'dependency', nodes: [{ id: violation.node.id, state: violation.state }] };
}

type StatusPart = Pick<
  Decision,
  'state' | 'conditions' | 'status' | 'statusChanged' | 'statusProblems' | 'statusPending' | 'statusNow'
>;

/** The status of the instance: conditions, state and projected fields. */
function statusOf(
  context: StepContext,
  pruning: Pruning,
  reports: readonly NodeReport[],
  suspended: boolean,
  refusal: ParentRefusal | undefined,
): StatusPart {
  const { instance, options } = context;
  const ready = resourcesReadyCondition(context, pruning, suspended);
  // After a refusal, conditions that the refusal does not set do not change.
  const values =
    refusal === undefined
      ? { InstanceManaged: MANAGED, GraphResolved: RESOLVED, ResourcesReady: ready }
      : refusal.values;
  const authored = hasAuthorConditions(context.graph, options);
  const conditions = instanceConditions(instance, values, options.now, authored);
  const before: JsonObject = instance.status ?? {};
  const explained = nodeConditions(instance, reports, options);
  const { watches, observed } = context;
  const health = watchHealthConditions({ instance, watch: watches, observed, options, authored });

  // The value of `now()` changes only together with another field of the status. If it changed alone, each step would
  // write a new time.
  const previous = options.statusNow === undefined ? undefined : render(options.statusNow);
  if (previous !== undefined && jsonEquals(previous.status, before)) return previous;
  return render(options.now);

  function render(now: number): StatusPart {
    const { fields, problems, pending, author } = project(context, [...conditions, ...health], now);
    const untouched = suspended ? 'ACTIVE' : refusal?.state;
    const state = instanceState(context, ready, untouched, author !== undefined && author.problems.length > 0);
    const sampled = nowConditions(context.graph, instance, options, now);
    const stated = author?.conditions ?? [...conditions, ...health];
    const propagated = [
      ...propagationConditions(context, instance, reports, options),
      ...revisionConditions(instance, options),
    ].filter(({ type }) => !stated.some((each) => each.type === type));
    const wire = [...stated, ...propagated, ...sampled, ...explained];
    const record = objectRecord(context, state);
    const recorded: JsonObject = record === undefined ? {} : { [OBJECT_RECORD]: record };
    const status: JsonObject = { ...fields, ...recorded, state, conditions: wire };
    return {
      state,
      conditions,
      status,
      statusChanged: !jsonEquals(status, before),
      statusProblems: [...problems, ...(author?.problems ?? [])],
      ...(pending.length === 0 ? {} : { statusPending: pending }),
      statusNow: now,
    };
  }
}

/** Does kro 0.10 refuse the whole pass before any write, because two nodes render the same object? */
function isRefusedWhole({ graph, results }: StepContext): boolean {
  const isDuplicate = ({ because }: NodeResult) => because.kind === 'duplicate-target';
  return KroLevel.followsGraphEngine(graph.kroCompatibility) && [...results.values()].some(isDuplicate);
}

/** The fields of the author in the present status. */
function keptFields({ status = {} }: KubeObject): JsonObject {
  const { state: _state, conditions: _conditions, [OBJECT_RECORD]: _record, ...fields } = status;
  return fields;
}

function project(context: StepContext, conditions: readonly Condition[], now: number) {
  const { graph, instance, options } = context;
  const evaluation = { ...context.evaluation, now };
  const { fields, problems, pending } = isRefusedWhole(context)
    ? { fields: keptFields(instance), problems: [], pending: [] }
    : projectStatus(graph, context.known, evaluation);
  if (graph.status.conditions === undefined) return { fields, problems, pending, author: undefined };
  const schema = { ...schemaVariable(instance), status: { conditions: conditions } };
  // For a suspended instance, no node data is passed. Conditions that read nodes therefore do not change.
  const variables = new Map(isSuspended(instance) ? [] : context.known).set('schema', schema);
  const author = authorConditions(graph.status.conditions, instance, variables, evaluation, options.now);
  return { fields, problems, pending, author };
}

function watchOf(graph: Graph, object: KubeObject): WatchRequest {
  return { kind: 'object', nodeId: nodeIdOf(object), target: targetOfLive(graph, object) };
}
