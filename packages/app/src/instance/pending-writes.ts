import { definedMembers, objectName } from '@typekro/kit/core';
import { isAtOrInside, isImmutableRefusal } from './immutable-fields.ts';
import { apiFailure, requestApply } from '@typekro/controller/execute';
import { type KubernetesApi, KubeError } from '@typekro/kube';
import type { ApplyAction, Decisions, ForeignItem, NodeReport, Reports } from '@typekro/engine/runtime';
import { Explanation, Failure, ObjectTarget, RefusedObject } from '@typekro/engine/runtime';
import { fieldOrigins } from './field-origins.ts';
import { refusalMaskOf } from './masked-conditions.ts';
import type { InstanceObservation } from './observation.ts';
import { isWorkOfController, refusalKey } from './shown-node.ts';
import { type PendingWrite, withoutDefinition } from './why-report.ts';

/** The maximum number of writes that are tried per node. The objects of a collection usually have the same problem. */
const MAX_TRIED = 10;

/**
 * Tries the pending writes and deletions with dry runs, and adds the refusals to the observation. A view then shows the nodes of
 * refused writes as failed. Without its definition, an instance has no controller for them, so that all count as refused.
 */
export async function withRefusedWrites(
  api: KubernetesApi,
  observation: InstanceObservation,
  signal: AbortSignal,
): Promise<InstanceObservation> {
  const work = observation.decision.nodes.filter(isWorkOfController);
  const [lost] = withoutDefinition(observation);
  if (lost !== undefined) {
    const refusal = { problem: lost.reason, remedy: lost.remedy };
    return { ...observation, refusedWrites: new Map(work.map((node) => [refusalKey(node), refusal])) };
  }
  const tried = await Promise.all(
    work.map(async (node) => ({ node, writes: await tryWrites(api, node, observation, signal) })),
  );
  const refused = tried.flatMap(({ node, writes }) => {
    const [first, ...others] = writes.filter(({ result }) => result === 'refused');
    return first === undefined ? [] : [[refusalKey(node), { ...first, others }] as const];
  });
  return refused.length === 0 ? observation : { ...observation, refusedWrites: new Map(refused) };
}

/**
 * Tries the pending writes of a node, or the deletions of its retired objects, by dry runs. Returns the first refused
 * request. If none is refused, returns the first one with an unknown result. If all are accepted, returns the first
 * one. Returns `undefined` when none is pending.
 */
export async function pendingWrite(...of: Parameters<typeof tryWrites>): Promise<PendingWrite | undefined> {
  const tried = await tryWrites(...of);
  return (
    tried.find(({ result }) => result === 'refused') ?? tried.find(({ result }) => result !== 'accepted') ?? tried[0]
  );
}

/** Tries the first `MAX_TRIED` pending writes of a node, or deletions of its retired objects. */
async function tryWrites(
  api: KubernetesApi,
  { id, because, retired }: NodeReport,
  observation: WritesOf,
  signal: AbortSignal,
): Promise<readonly PendingWrite[]> {
  const { apply, delete: deletions } = observation.decision;
  const pending: readonly PendingAction[] = retired === true || because.kind === 'retired' ? deletions : apply;
  const actions = pending.filter(({ nodeId }) => nodeId === id);
  const user = observation.actingAs;
  const acting = user === undefined ? api : api.as({ user });
  const mask = refusalTextOf(observation);
  const tried = actions.slice(0, MAX_TRIED).map(async (action) => {
    const write = await dryRun(acting, user, action, mask, signal);
    if (write.result !== 'refused' || write.remedy !== undefined) return write;
    const [origin] = fieldOrigins(observation.graph?.nodes.get(id), write.fields ?? []);
    return { ...write, remedy: origin?.remedy ?? ('desired' in action ? RefusedObject.CORRECT : ALLOW_DELETION) };
  });
  return Promise.all(tried);
}

/** The parts of an observation that are needed to try its pending writes, and to follow nested instances. */
export type WritesOf = Pick<InstanceObservation, 'instance' | 'decision' | 'actingAs' | 'graph' | 'settings'>;

/** Returns the API server's message about a write, with Secret values masked, and the foreign items that it is about. */
type RefusalText = (action: PendingAction, failure: Reports.ApiFailure) => readonly [string, readonly ForeignItem[]];

type PendingAction = ApplyAction | Decisions.DeleteAction;

function refusalTextOf(observation: WritesOf): RefusalText {
  const mask = refusalMaskOf(observation);
  return (action, failure) => {
    const { nodeId, target } = action;
    const { desired, foreign: items } = 'desired' in action ? action : {};
    const foreign = RefusedObject.items(observation.graph, nodeId, ObjectTarget.refOf(target), failure, items);
    const shown = (message: string) => [Failure.text({ ...failure, message }, foreign), foreign] as const;
    // An error of this process, such as a failed connection, quotes no value.
    if (Failure.classOf(failure) === 'not-sent') return shown(failure.message);
    // The message can quote any value of the Secret, so the status reason replaces it. A message about a missing right
    // quotes no value.
    if (target.type.kind === 'Secret') return shown(failure.reason);
    if (mask === undefined || failure.permission !== undefined) return shown(failure.message);
    return shown(mask(nodeId, desired, failure.message));
  };
}

/** Matches the API server's message when it refuses a dry run because a webhook has side effects. */
const NO_DRY_RUN = /does not support dry run/;

const ALLOW_DELETION = 'let the policy or the program that the message names allow the deletion, which is tried again';

/** Matches the API server's message when a webhook refuses an object. The webhook chooses the status code. */
const DENIED = /^admission webhook "[^"]*" denied/;

/** Tries a write. `user` is the account that `api` impersonates. */
async function dryRun(
  api: KubernetesApi,
  user: string | undefined,
  action: PendingAction,
  mask: RefusalText,
  signal: AbortSignal,
): Promise<PendingWrite> {
  const isDeletion = !('desired' in action);
  const object = ObjectTarget.refOf(action.target);
  const name = objectName(object);
  try {
    if (isDeletion) await api.delete(object, { preconditions: { uid: action.uid }, dryRun: true, signal });
    else await requestApply({ api, signal, effects: 'dry-run' }, action);
    return { result: 'accepted', object, problem: '', ...definedMembers({ user }) };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    const failure = apiFailure(error, user);
    const [text, foreign] = mask(action, failure);
    if (isDeletion && failure.code === 404) return { result: 'accepted', object, problem: '' };
    // The controller retries while a namespace is missing. Here a missing namespace counts as a refusal, because the
    // user must create it. A server responds with 500 to values that it cannot parse, and to a failed webhook.
    const isRefused = Failure.isRefusal(failure) || [404, 500].includes(failure.code) || DENIED.test(failure.message);
    // A right that the user lacks says nothing about the controller.
    const isOfUser = failure.permission !== undefined && user === undefined;
    if (!isRefused || isOfUser || NO_DRY_RUN.test(failure.message)) {
      const problem = `a dry run of the ${isDeletion ? 'deletion' : 'write'} of ${name} was not possible: ${text}`;
      return { result: 'unknown', object, problem };
    }
    const { fields = [] } = failure;
    const isOfPolicy = DENIED.test(error.message) || error.message.includes('ValidatingAdmissionPolicy');
    const remedy = isDeletion && isOfPolicy ? undefined : RefusedObject.remedy(error.message, object, foreign);
    const differing = (isDeletion ? [] : (action.differences ?? []))
      .map(({ path }) => path)
      .filter((path) => fields.some((field) => path !== field && isAtOrInside(path, field)));
    return {
      result: 'refused',
      object,
      problem: Explanation.refused(isDeletion ? `the deletion of ${name}` : name, text),
      fields,
      ...(isImmutableRefusal(error) && differing.length > 0 ? { differing } : {}),
      ...definedMembers({ remedy }),
      ...(failure.permission === undefined ? {} : { isRightMissing: true }),
    };
  }
}
