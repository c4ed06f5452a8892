import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import { isJsonObject, earliest, formatRef, jsonEquals, refOf, listed } from '@typekro/kit/core';
import { type Graph, KroLevel } from '../graph/index.ts';
import { applySetIdOf, inventoryOf, recordedInventory, recordedScope } from './reports/applyset.ts';
import { hasAuthorConditions } from './status/author-conditions.ts';
import { failureText } from './reports/failure.ts';
import { type ConditionContent, instanceConditions, readConditions, transition } from './conditions.ts';
import { contributionsProblem } from './contributions.ts';
import { compareObjects } from './objects/identity.ts';
import { deletionPolicyProblem, hasFinalizer, keepsChildren } from './reports/finalizer.ts';
import { DEFAULT_VERSION } from './objects/keys.ts';
import { applyOrderOf, nodeIdOf, objectsByNode } from './objects/labels.ts';
import {
  deletionOf,
  instanceTarget,
  isRetained,
  keptOf,
  memberNamespaces,
  memberTarget,
  ORPHAN,
  orphanOf,
  targetOfLive,
} from './members.ts';
import { reportOfLive, terminatingOf } from './object-outcome.ts';
import type { Decision, DeleteAction, OrphanAction, ReadRequest, StepOptions, WatchRequest } from './model.ts';
import type { Observed } from './observed-state.ts';
import { isNodeCondition, nodeConditions } from './status/node-conditions.ts';
import type { NodeReport, Terminating } from './report.ts';
import { OBJECT_RECORD } from '../graph/crd.ts';
import { pausedWrite } from './reports/paused-write.ts';
import { keptWatchHealth } from './status/watch-health.ts';

/**
 * Deletes an instance. The deletion needs no graph and evaluates no expression: the inventory on the instance names the
 * kinds and namespaces of the children, and the apply-order annotation of each child determines its wave. Each step
 * deletes only the highest wave. The next wave waits until every object of the highest wave has disappeared. An object
 * with the deletion policy `Orphaned` stays: in its wave, it is orphaned instead of deleted. The finalizer is removed
 * when no child exists any more. The status names up to five objects that finalizers keep, with these finalizers and
 * the deletion time.
 *
 * `graph-deletion.ts` deletes a Graph. Nothing is deleted if the inventory is absent or invalid, if the instance's
 * `typekro.dev/deletion-policy` is `orphan` or unknown, or while a recorded kind has not been listed.
 */
export function stepDeletion(instance: KubeObject, observed: Observed, options: StepOptions, graph?: Graph): Decision {
  const recorded = recordedInventory(instance);
  const scope = recordedScope(recorded);
  const id = applySetIdOf(instance);
  const version = options.version ?? DEFAULT_VERSION;
  if (!hasFinalizer(instance)) return decide({ finalizer: 'none', message: 'deleting resources' });
  if (keepsChildren(instance)) return releaseFinalizer('leaving resources behind');
  const unclear = deletionPolicyProblem(instance);
  if (unclear !== undefined) return blocked([unclear]);
  if (recorded.state !== 'valid') {
    const problem = recorded.state === 'absent' ? 'the instance records none' : recorded.problem;
    return blocked([`validate deletion inventory: ${problem}`]);
  }

  const members: KubeObject[] = [];
  const read: ReadRequest[] = [];
  const failures: string[] = [];
  const retries: (number | undefined)[] = [];
  const namespaces = memberNamespaces(instance.metadata.namespace, scope);
  for (const groupKind of scope.groupKinds) {
    const target = memberTarget(id, groupKind, namespaces);
    const observation = observed.members(target);
    if (observation.state === 'unknown') read.push({ kind: 'members', target, why: 'instance-deleted' });
    else if (observation.state === 'failed') {
      failures.push(`list ${groupKind}: ${failureText(observation.failure)}`);
      retries.push(observation.retryAt);
    } else if (observation.state === 'known') for (const { object } of observation.objects) members.push(object);
  }
  members.sort(compareObjects);
  if (failures.length > 0) return blocked(failures, { members, read, ...retryingAt(retries) });
  if (read.length > 0) return decide({ finalizer: 'keep', message: 'deleting resources', members, read });
  if (members.length === 0) {
    const unreadable = isEngineGraph(graph) ? contributionsProblem(instance) : undefined;
    return unreadable === undefined ? releaseFinalizer('deleting resources') : blocked([unreadable]);
  }

  const wave = highestOrder(members);
  const current = members.filter((object) => applyOrderOf(object) === wave);
  const actions: DeleteAction[] = [];
  const orphans: OrphanAction[] = [];
  const refused: string[] = [];
  for (const object of current) {
    const stays = isRetained(graph, object);
    if (!stays && object.metadata.deletionTimestamp !== undefined) continue;
    const orphan = stays ? orphanOf(graph, object, 'instance-deleted') : undefined;
    const action = orphan ?? (stays ? undefined : deletionOf(graph, object, 'instance-deleted'));
    if (action === undefined) continue;
    const attempt = { digest: stays ? ORPHAN : '', uid: action.uid };
    const failed = pausedWrite(observed, action.target, attempt, options.now);
    if (failed !== undefined) {
      refused.push(`${stays ? 'release' : 'delete'} ${formatRef(refOf(object))}: ${failureText(failed.failure)}`);
      retries.push(failed.retryAt);
    } else if (orphan !== undefined) {
      orphans.push(orphan);
    } else {
      actions.push(action);
    }
  }
  const rest = { members, wave, actions, orphans, ...retryingAt(retries) };
  if (refused.length > 0) return blocked(refused, rest);
  return decide({
    finalizer: 'keep',
    message: deletingText(current.filter((object) => !isRetained(graph, object)).flatMap(terminatingOf)),
    ...rest,
  });

  /** Removes the finalizer. If the server refused the removal before, waits until the pause ends. */
  function releaseFinalizer(message: string): Decision {
    const attempt = { digest: '', uid: instance.metadata.uid };
    const failed = pausedWrite(observed, instanceTarget(instance, graph), attempt, options.now);
    if (failed === undefined) return decide({ finalizer: 'remove', message });
    return blocked([`remove the finalizer: ${failureText(failed.failure)}`], { retryAt: failed.retryAt });
  }

  function blocked(by: readonly string[], rest: Partial<Outcome> = {}): Decision {
    return { ...decide({ finalizer: 'keep', message: `deletion blocked: ${by.join('\n')}`, ...rest }), blocked: by };
  }

  function decide(outcome: Outcome): Decision {
    const { finalizer, members = [], read = [], actions = [], orphans = [], wave = NO_WAVE } = outcome;
    const nodes = reports(members, wave, graph);
    const part = deletionStatus(instance, outcome.message, options, nodes, graph);
    const removing = finalizer === 'remove';
    return {
      parent: removing ? { removeFinalizer: true } : {},
      apply: [],
      delete: actions,
      ...(orphans.length === 0 ? {} : { orphan: orphans }),
      read,
      watch: members.map((object): WatchRequest => ({
        kind: 'object',
        nodeId: nodeIdOf(object),
        target: targetOfLive(graph, object),
      })),
      nodes,
      state: 'DELETING',
      ...part,
      statusProblems: [],
      statusNow: options.statusNow ?? options.now,
      finalizer,
      inventory: inventoryOf(id, scope, version),
      quiet: actions.length === 0 && orphans.length === 0 && read.length === 0 && !removing,
      ...(outcome.retryAt === undefined ? {} : { requeueAt: outcome.retryAt }),
      evaluations: 0,
      equivalences: [],
    };
  }
}

/** The outcome of one deletion step. */
interface Outcome {
  readonly finalizer: Decision['finalizer'];
  readonly message: string;
  readonly members?: readonly KubeObject[];
  readonly read?: readonly ReadRequest[];
  readonly wave?: number;
  readonly actions?: readonly DeleteAction[];
  readonly orphans?: readonly OrphanAction[];
  readonly retryAt?: number;
}

function retryingAt(times: readonly (number | undefined)[]): Pick<Outcome, 'retryAt'> {
  const retryAt = earliest(times);
  return retryAt === undefined ? {} : { retryAt };
}

/** kro's message, followed by at most five objects that block the deletion. */
function deletingText(blockers: readonly Terminating[]): string {
  if (blockers.length === 0) return 'deleting resources';
  const shown = blockers.map(
    ({ object, finalizers, since }) =>
      `${formatRef(object)} (finalizers ${finalizers.join(', ')}; deleted at ${since})`,
  );
  return `deleting resources: waiting for ${listed(shown, 5, ', ', ', ')}`;
}

/**
 * The status during the deletion. The fields and conditions that the author declares do not change. ResourcesReady and
 * kro's Ready describe the deletion.
 */
function deletionStatus(
  instance: KubeObject,
  message: string,
  options: StepOptions,
  nodes: readonly NodeReport[],
  graph: Graph | undefined,
): Pick<Decision, 'status' | 'statusChanged' | 'conditions'> {
  const value: ConditionContent = { status: 'Unknown', reason: 'UnderDeletion', message };
  const { now } = options;
  const authored = hasAuthorConditions(graph, options);
  const before: JsonObject = instance.status ?? {};
  const record = before[OBJECT_RECORD];
  const state = 'DELETING';
  const conditions = instanceConditions(instance, { ResourcesReady: value }, now, authored);
  const wire = readConditions(before['conditions']).filter(({ type }) => !isNodeCondition(type));
  const overlaid = authored
    ? [
        ...wire.filter(({ type }) => type !== 'ResourcesReady'),
        transition(
          'ResourcesReady',
          value,
          wire.find(({ type }) => type === 'ResourcesReady'),
          instance.metadata.generation ?? 0,
          now,
        ),
      ]
    : conditions;
  const status: JsonObject = {
    ...before,
    ...(graph?.recordsObjects === true && isJsonObject(record) ? { [OBJECT_RECORD]: { ...record, state } } : {}),
    state,
    conditions: [
      ...overlaid,
      ...(authored ? [] : keptWatchHealth(instance, options)),
      ...nodeConditions(instance, nodes, options),
    ],
  };
  return { conditions, status, statusChanged: !jsonEquals(status, before) };
}

/** Stands for "no wave is being deleted". Real waves begin at 0. */
const NO_WAVE = -1;

/** The highest apply order among the objects. The objects with this order are deleted first. */
function highestOrder(objects: readonly KubeObject[]): number {
  return objects.reduce((highest, object) => Math.max(highest, applyOrderOf(object)), 0);
}

/** One report per node id, ordered by wave. The wave that is being deleted comes first. */
function reports(members: readonly KubeObject[], wave: number, graph: Graph | undefined): NodeReport[] {
  const groups = [...objectsByNode(members)].map(([id, objects]) => ({ id, objects, highest: highestOrder(objects) }));
  groups.sort((a, b) => b.highest - a.highest || compareText(a.id, b.id));
  const current = groups.filter(({ highest }) => highest === wave).map(({ id }) => id);
  return groups.map(({ id, objects }): NodeReport => {
    const terminating = objects.filter((object) => !isRetained(graph, object)).flatMap(terminatingOf);
    const isCurrent = current.includes(id);
    return {
      id,
      state: isCurrent ? 'deleting' : 'blocked',
      because:
        isCurrent && terminating.length > 0
          ? { kind: 'being-deleted', objects: terminating }
          : {
              kind: 'retired',
              isWhole: true,
              objects: objects.map(refOf),
              ...(isCurrent || current.length === 0 ? {} : { heldBy: current }),
              ...keptOf(graph, objects),
            },
      objects: objects.map(reportOfLive),
    };
  });
}

/** Does the graph record the fields that it writes into other objects, as kro 0.10 does? */
function isEngineGraph(graph: Graph | undefined): boolean {
  return graph !== undefined && KroLevel.followsGraphEngine(graph.kroCompatibility);
}
