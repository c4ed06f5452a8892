import { type JsonObject, type KubeObject, earliest, jsonEquals } from '@typekro/kit/core';
import type { Graph } from '../graph/index.ts';
import { type ConditionContent, type GraphCondition, graphConditions } from './conditions.ts';
import { failureText } from './reports/failure.ts';
import { templateManager } from './objects/field-managers.ts';
import { deletionPolicyProblem, hasGraphFinalizer, keepsChildren } from './reports/finalizer.ts';
import { NO_INVENTORY } from './graph-decision.ts';
import { releasedFields, retireObjects, retiringActions, unretired } from './graph-retired.ts';
import { instanceTarget } from './members.ts';
import type { Decision, GraphTracking, StepOptions } from './model.ts';
import type { Observed } from './observed-state.ts';
import { pausedWrite } from './reports/paused-write.ts';
import { recordedTracking, trackingStatus } from './tracking.ts';
import { keptWatchHealth } from './status/watch-health.ts';

/**
 * Deletes a Graph. The deletion needs no compiled graph: the record in the status names all objects and fields. The
 * objects are deleted in reverse order, then the fields of patch nodes are released, then the finalizer is removed. As
 * in kro, the deletion does not wait for objects whose own finalizers delay their removal.
 *
 * With `typekro.dev/deletion-policy: orphan` the objects and fields stay. Only the Graph's field managers are removed,
 * so that other Graphs and instances can take the objects over. An unknown policy keeps the Graph.
 *
 * @param refusal the reason why objects may not be deleted and fields may not be released. A Graph with recorded
 *   objects or fields then keeps its finalizer, unless its policy is `orphan`
 */
export function stepGraphDeletion(
  instance: KubeObject,
  observed: Observed,
  options: StepOptions,
  graph?: Graph,
  refusal?: string,
): Decision {
  const decide = (outcome: Outcome, actions?: Actions) => decisionOf(instance, options, outcome, actions);
  if (!hasGraphFinalizer(instance)) return decide({ finalizer: 'none' });
  const unclear = deletionPolicyProblem(instance);
  if (unclear !== undefined) return decide({ finalizer: 'keep', problems: [unclear] });
  const keepsFields = keepsChildren(instance);
  // With the policy `orphan` and a refusal, no recorded object is written. The objects and fields keep the field
  // managers of the Graph.
  const recorded = keepsFields && refusal !== undefined ? NO_RECORD : recordedTracking(instance);
  const hasRecord = recorded.managedResources.length > 0 || recorded.contributions.length > 0;
  if (refusal !== undefined && hasRecord) return decide({ finalizer: 'keep', problems: [refusal] });
  const manager = templateManager(instance.metadata.uid ?? '');
  const about = {
    instance,
    observed,
    options,
    manager,
    graph,
    why: 'instance-deleted',
    ...(keepsFields ? { keepsFields } : {}),
  } as const;
  const objects = retireObjects(about, recorded.managedResources);
  const hasObjects = objects.actions.length > 0 || objects.read.length > 0;
  const fields = hasObjects ? unretired(about, recorded.contributions) : releasedFields(about, recorded.contributions);
  const problems = [...objects.messages, ...fields.messages];
  const tracking = { managedResources: objects.remaining, contributions: fields.remaining };
  const isLeft = tracking.managedResources.length > 0 || tracking.contributions.length > 0;
  const retryAt = earliest([objects.retryAt, fields.retryAt]);
  if (isLeft) return decide({ finalizer: 'keep', problems, tracking, retryAt }, retiringActions(objects, fields));
  const attempt = { digest: '', uid: instance.metadata.uid };
  const failed = pausedWrite(observed, instanceTarget(instance, graph), attempt, options.now);
  if (failed === undefined) return decide({ finalizer: 'remove' });
  const problem = `remove the finalizer: ${failureText(failed.failure)}`;
  return decide({ finalizer: 'keep', problems: [problem], retryAt: failed.retryAt });
}

const NO_RECORD: GraphTracking = { managedResources: [], contributions: [] };

/** The outcome of one deletion step. */
interface Outcome {
  readonly finalizer: Decision['finalizer'];
  readonly problems?: readonly string[];
  readonly tracking?: Parameters<typeof trackingStatus>[0];
  readonly retryAt?: number | undefined;
}

/** The actions of one deletion step. */
type Actions = Partial<Pick<Decision, 'delete' | 'release' | 'read' | 'watch'>>;

/** The decision for an outcome and the actions of the step. */
function decisionOf(
  instance: KubeObject,
  options: StepOptions,
  { finalizer, problems: named = [], tracking: left, retryAt: requeueAt }: Outcome,
  actions: Actions = {},
): Decision {
  const before: JsonObject = instance.status ?? {};
  const values: Partial<Record<GraphCondition, ConditionContent>> =
    named.length === 0
      ? {}
      : { ResourcesConverged: { status: 'False', reason: 'DeleteFailed', message: named.join('\n') } };
  const conditions = graphConditions(instance, values, options.now);
  const { managedResources: _resources, contributions: _contributions, ...others } = before;
  const status: JsonObject = {
    ...(left === undefined ? before : { ...others, ...trackingStatus(left) }),
    conditions: [...conditions, ...keptWatchHealth(instance, options)],
  };
  const isRemoved = finalizer === 'remove';
  const { delete: toDelete = [], release: toRelease = [], read = [] } = actions;
  return {
    parent: isRemoved ? { removeFinalizer: true } : {},
    apply: [],
    nodes: [],
    delete: toDelete,
    read,
    watch: [],
    ...actions,
    state: 'DELETING',
    conditions,
    status,
    // Without a problem to report, the status is not written, because the Graph is soon gone.
    statusChanged: named.length > 0 && !jsonEquals(status, before),
    statusProblems: [],
    statusNow: options.statusNow ?? options.now,
    finalizer,
    inventory: NO_INVENTORY,
    quiet: !isRemoved && [toDelete, toRelease, read].every((list) => list.length === 0),
    ...(named.length === 0 ? {} : { blocked: named }),
    ...(requeueAt === undefined ? {} : { requeueAt }),
    evaluations: 0,
    equivalences: [],
  };
}

/**
 * The decision for a Graph that the compiler refuses, or that would impersonate the controller. Its objects stay, and
 * its deletion continues. `problem` is the message of the condition Accepted.
 */
export function stepRefusedGraph(
  instance: KubeObject,
  problem: string,
  observed: Observed,
  options: StepOptions,
): Decision {
  if (instance.metadata.deletionTimestamp !== undefined) return stepGraphDeletion(instance, observed, options);
  const before: JsonObject = instance.status ?? {};
  const accepted = { status: 'False', reason: 'InvalidGraph', message: problem } as const;
  const conditions = graphConditions(instance, { Accepted: accepted }, options.now);
  const shown = [...conditions, ...keptWatchHealth(instance, options)];
  const status: JsonObject = { ...before, conditions: shown };
  const hasFinalizer = hasGraphFinalizer(instance);
  const attempt = { digest: '', uid: instance.metadata.uid };
  const failed = pausedWrite(observed, instanceTarget(instance, undefined), attempt, options.now);
  const isIdle = hasFinalizer || failed !== undefined;
  return {
    parent: isIdle ? {} : { addFinalizer: true },
    apply: [],
    delete: [],
    read: [],
    watch: [],
    nodes: [],
    state: 'ERROR',
    conditions,
    status,
    statusChanged: !jsonEquals(status, before),
    statusProblems: [],
    statusNow: options.statusNow ?? options.now,
    finalizer: hasFinalizer ? 'keep' : 'add',
    inventory: NO_INVENTORY,
    quiet: isIdle,
    ...(failed === undefined ? {} : { requeueAt: failed.retryAt }),
    evaluations: 0,
    equivalences: [],
  };
}
