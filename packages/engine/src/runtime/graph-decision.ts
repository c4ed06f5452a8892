import { type JsonObject, type JsonValue, earliest, jsonEquals } from '@typekro/kit/core';
import { MAX_MANAGED_RESOURCES } from '../graph/graph-object/graph-crd.ts';
import { type ConditionContent, graphConditions } from './conditions.ts';
import { confirmations } from './reports/confirmation.ts';
import { failureText } from './reports/failure.ts';
import { hasGraphFinalizer } from './reports/finalizer.ts';
import { type Retirement, releasedFields, retireObjects, retiringActions, unretired } from './graph-retired.ts';
import { convergedCondition, isFailed } from './status/graph-summary.ts';
import { type TrackingPlan, planTracking } from './graph-tracking.ts';
import { instanceTarget } from './members.ts';
import type {
  Contribution,
  Decision,
  DeleteAction,
  GraphTracking,
  Inventory,
  ManagedResource,
  ParentWrite,
  ReleaseAction,
} from './model.ts';
import { nodeConditions } from './status/node-conditions.ts';
import { nowConditions } from './now-sample.ts';
import { namespaceWatches, pausedWrite } from './reports/paused-write.ts';
import type { NodeReport } from './report.ts';
import { type NodeResult, type StepContext, reportOf } from './step-context.ts';
import { suppressWrites } from './nodes/drop-conflicting-writes.ts';
import { recordedTracking, trackingStatus } from './tracking.ts';
import { watchHealthConditions } from './status/watch-health.ts';

/** A Graph has no ApplySet. */
export const NO_INVENTORY: Inventory = { id: '', groupKinds: [], namespaces: [], labels: {}, annotations: {} };

/** The actions for objects and fields that no node wants any more. */
interface Retirements {
  readonly objects: Retirement<ManagedResource, DeleteAction | ReleaseAction>;
  readonly fields: Retirement<Contribution, ReleaseAction>;
}

/** The decision for a Graph whose nodes were visited. */
export function decideGraph(context: StepContext): Decision {
  const { instance, graph, evaluation } = context;
  const plan = planTracking(context);
  const refusal = refusalOf(context, plan);
  if (refusal !== undefined) suppressWrites(context);
  const retirements = retire(context, plan, refusal !== undefined);
  const results = [...context.results.values()];
  const apply = results.flatMap((result) => result.apply);
  const { objects, fields } = retirements;
  const retiring = retiringActions(objects, fields);
  const { delete: deletions, release = [] } = retiring;
  const due = [...context.reads, ...retiring.read];
  // Entries are removed from the record only at the end of a pass, after a read of their objects.
  const isBusy = [apply, deletions, release, due].some((list) => list.length > 0);
  const read = isBusy ? due : confirmations(context.observed, context.options, plan.unconfirmed);
  const parent: ParentWrite = {
    ...(hasGraphFinalizer(instance) || refusal !== undefined ? {} : { addFinalizer: true }),
    ...(plan.ahead === undefined || refusal !== undefined ? {} : { tracking: plan.ahead, ...firstAccount(context) }),
  };
  const nodes = results.map(reportOf);
  const watch = [...context.watches, ...retiring.watch];
  const health = watchHealthConditions({
    instance,
    watch,
    observed: context.observed,
    options: context.options,
    authored: false,
  });
  const status = statusOf(context, plan, retirements, nodes, refusal?.problem);
  const retries = [...results.map((each) => each.retryAt), objects.retryAt, fields.retryAt, refusal?.retryAt];
  const requeueAt = earliest(retries);
  return {
    parent,
    apply,
    ...retiring,
    read,
    watch: [...watch, ...namespaceWatches(context.missingNamespaces)],
    nodes,
    ...status,
    statusProblems: [],
    statusNow: context.options.statusNow ?? context.options.now,
    finalizer: hasGraphFinalizer(instance) ? 'keep' : 'add',
    inventory: NO_INVENTORY,
    quiet: [apply, deletions, release, read, Object.keys(parent)].every((list) => list.length === 0),
    evaluations: evaluation.tally?.evaluations ?? 0,
    ...(requeueAt === undefined ? {} : { requeueAt }),
    equivalences: context.equivalences,
  };

  function statusOf(
    { options }: StepContext,
    { current, kept }: TrackingPlan,
    { objects: retired, fields: released }: Retirements,
    reports: readonly NodeReport[],
    problem: string | undefined,
  ): Pick<Decision, 'state' | 'conditions' | 'status' | 'statusChanged'> {
    const accepted: ConditionContent = { status: 'True', reason: 'Compiled', message: compiledText() };
    const converged = convergedCondition(results, retired.messages, released.messages, problem);
    const conditions = graphConditions(instance, { Accepted: accepted, ResourcesConverged: converged }, options.now);
    const before: JsonObject = instance.status ?? {};
    const isHard = problem !== undefined || results.some(isFailed);
    // While nothing may be written, the record does not change. A new record could be too long. The server would then
    // refuse the whole status, including the reason why nothing is written.
    const tracking: GraphTracking =
      problem === undefined
        ? {
            managedResources: [...current.managedResources, ...kept.managedResources, ...retired.remaining],
            contributions: [...current.contributions, ...kept.contributions, ...released.remaining],
          }
        : recordedTracking(instance);
    const account = isHard ? keptAccount(before) : (options.account ?? before['appliedServiceAccount']);
    const explained = nodeConditions(instance, reports, options);
    const sampled = nowConditions(graph, instance, options, options.statusNow ?? options.now);
    const value: JsonObject = {
      ...(account === undefined ? {} : { appliedServiceAccount: account }),
      conditions: [...conditions, ...health, ...sampled, ...explained],
      ...trackingStatus(tracking),
    };
    const state = isHard ? 'ERROR' : converged.status === 'True' ? 'ACTIVE' : 'IN_PROGRESS';
    return { state, conditions, status: value, statusChanged: !jsonEquals(value, before) };
  }

  function compiledText(): string {
    const own = [...graph.nodes.keys()].filter((id) => !id.includes('/'));
    return `compiled ${own.length} nodes`;
  }
}

/**
 * The service account to record in the status before the first write of a Graph. If the process ends during the pass,
 * the deletion of the Graph needs this record. The first write need not happen in the first pass: earlier passes may
 * have refused the Graph or only waited.
 */
function firstAccount({ instance, options: { account } }: StepContext): Pick<ParentWrite, 'account'> {
  const { managedResources, contributions } = recordedTracking(instance);
  const isUnwritten = managedResources.length === 0 && contributions.length === 0;
  const isFirst = instance.status?.['appliedServiceAccount'] === undefined && isUnwritten;
  return account === undefined || !isFirst ? {} : { account };
}

/** The service account to record after a failed pass. As in kro, a failed first pass records no account. */
function keptAccount(before: JsonObject): JsonValue | undefined {
  return isFirstPass(before) ? undefined : before['appliedServiceAccount'];
}

/** Is this the first pass? Every pass ends with a write of conditions. */
function isFirstPass(status: JsonObject): boolean {
  return status['conditions'] === undefined;
}

/**
 * Deletes retired objects once no node has failed and no node has an object to write or to read, so that a new object
 * exists before the old one is deleted. Releases retired fields once no retired object remains and all nodes are done.
 */
function retire(context: StepContext, { retired }: TrackingPlan, isHeld: boolean): Retirements {
  const results = [...context.results.values()];
  const isSettled = results.every(({ apply, because }) => apply.length === 0 && because.kind !== 'unread');
  const about = { ...context, why: 'prune' } as const;
  const mayDelete = !isHeld && isSettled && !results.some(isFailed);
  const objects = mayDelete
    ? retireObjects(about, retired.managedResources)
    : unretired(about, retired.managedResources);
  const isClean = mayDelete && objects.remaining.length === 0 && results.every(isDone);
  const fields = isClean ? releasedFields(about, retired.contributions) : unretired(about, retired.contributions);
  return { objects, fields };
}

function isDone({ state }: NodeResult): boolean {
  return state === 'ready' || state === 'skipped';
}

/** The reason why nothing may be written now. */
interface Refusal {
  readonly problem: string;
  readonly retryAt?: number;
}

function refusalOf({ observed, options, instance, graph }: StepContext, plan: TrackingPlan): Refusal | undefined {
  const attempt = { digest: '', uid: instance.metadata.uid };
  const failed = pausedWrite(observed, instanceTarget(instance, graph), attempt, options.now);
  if (failed !== undefined) {
    const problem = `write the finalizer and the record of objects: ${failureText(failed.failure)}`;
    return { problem, retryAt: failed.retryAt };
  }
  const { current, kept, retired } = plan;
  const lists = [current, kept, retired].map(({ managedResources }) => managedResources.length);
  const count = lists.reduce((sum, length) => sum + length, 0);
  if (count <= MAX_MANAGED_RESOURCES) return undefined;
  const problem = `the Graph has ${count} objects, and status.managedResources can record ${MAX_MANAGED_RESOURCES}: divide it into several Graphs`;
  return { problem };
}
