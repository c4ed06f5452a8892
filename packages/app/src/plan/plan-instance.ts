import { declaredKind, DEFINITION_TYPE, liveDefinition, pinnedRevision } from '@typekro/controller/controller';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { definedMembers, gvkOf, isJsonObject, parseApiVersion, refOf } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import { Failure, keys, ObjectKey, Secrets } from '@typekro/engine/runtime';
import { isPaused } from '../instance/suspension.ts';
import { seeDefinition, unpinCommand } from '../instance/why-report.ts';
import { servingDefinition, severalServe } from '../instance/serving-definition.ts';
import { blockerWithoutDefinition, isWithdrawn, restoreText, withdrawnText } from '../instance/without-definition.ts';
import { blockerOfDeletion, whyCommandOf } from './being-deleted.ts';
import { unreadBecause } from './cluster-basics.ts';
import {
  type InstanceHead,
  instancePlan,
  restingPlan,
  unconvertiblePlan,
  withoutSecretInputs,
} from './instance-plan.ts';
import { laidOver } from '@typekro/sdk/deploy';
import type { InstancePlan } from '@typekro/controller/inspect';
import type { PlanContext } from './plan-context.ts';
import { type ObjectChange, fieldLines, fileRemedy, changeInHub } from './plan-objects.ts';
import { type SimulationInput, type SimulationResult, plannedUid } from './simulation/simulate.ts';
import { simulateAll } from './simulation/simulate-all.ts';
import { simulationInput } from './snapshot-file.ts';

/** An instance that changes, and the definition in the cluster that it follows. */
export interface InstanceTask {
  readonly file: ObjectChange;
  /** The definition that serves the instance, or `undefined` when several are possible. */
  readonly definition: KubeObject | undefined;
  /** The definitions in the cluster that declare the instance's kind. */
  readonly candidates: readonly KubeObject[];
}

/**
 * Makes the task of an object whose kind a definition in the cluster declares. Returns `undefined` for any other
 * object.
 */
export function instanceTask({ basics }: PlanContext, file: ObjectChange): InstanceTask | undefined {
  const { desired, live } = file;
  const candidates = basics.definitions.filter(({ spec }) => {
    const type = declaredKind(isJsonObject(spec) ? spec : {});
    return ObjectKey.groupKind(type) === ObjectKey.groupKind(gvkOf(desired));
  });
  if (candidates.length === 0) return undefined;
  const { group } = parseApiVersion(desired.apiVersion);
  const crd = basics.crds.find(
    ({ spec }) => textAt(spec, 'group') === group && textAt(spec, 'names', 'kind') === desired.kind,
  );
  return { file: changeInHub(crd, file), definition: servingDefinition(candidates, live, crd), candidates };
}

/**
 * Plans an instance whose definition is gone, if the plan deletes the instance or its deletion has begun. The deletion
 * would not complete, because no controller removes the finalizer. Returns `undefined` for any other object, and if
 * nothing blocks the deletion.
 */
export function orphanPlan(
  { operation, basics }: PlanContext,
  { live, desired }: ObjectChange,
): InstancePlan | undefined {
  const definition = live?.metadata.labels?.[keys.DEFINITION_NAME_LABEL];
  if (live === undefined || definition === undefined) return undefined;
  if (operation === 'apply' && live.metadata.deletionTimestamp === undefined) return undefined;
  const isKnown = basics.definitions.some(({ metadata }) => metadata.name === definition);
  if (isKnown || unreadBecause(basics.limits, DEFINITION_TYPE) !== undefined) return undefined;
  const blocker = blockerWithoutDefinition({ instance: live, gone: definition });
  if (blocker === undefined) return undefined;
  const since = live.metadata.deletionTimestamp;
  const deleted = since === undefined ? {} : { deletedSince: since };
  const action = operation === 'delete' ? 'delete' : 'none';
  const head = { instance: refOf(desired), definition, ...deleted, action, fields: [] } as const;
  return restingPlan(head, 'blocked', blocker.reason, blocker.remedy);
}

/** The plan of an instance without a simulation, or the input of the simulation. */
export type PreparedInstance =
  | { readonly plan: InstancePlan }
  | { readonly input: SimulationInput; readonly head: InstanceHead };

/** Plans changes or deletions of instances whose definitions do not change. */
export async function planInstances(context: PlanContext, tasks: readonly InstanceTask[]): Promise<InstancePlan[]> {
  const prepared: PreparedInstance[] = [];
  for (const task of tasks) prepared.push(await prepareInstance(context, task));
  return simulatePrepared(context, prepared);
}

/**
 * Simulates prepared instances, and returns their plans in the same order. Their new status is then visible for the
 * instances that read them and that are planned later.
 *
 * @param finish called with the index, the instance and the result of each simulation
 */
export async function simulatePrepared(
  { source, checker, children = checker, onWrite, operation, owners }: PlanContext,
  prepared: readonly PreparedInstance[],
  finish?: (index: number, instance: KubeObject, result: SimulationResult) => void,
): Promise<InstancePlan[]> {
  const plans: InstancePlan[] = [];
  const simulated = prepared.flatMap((each, at) => ('input' in each ? [{ ...each, at }] : []));
  for (const [at, each] of prepared.entries()) if ('plan' in each) plans[at] = each.plan;
  const inputs = simulated.map(({ input }) => input);
  for (const { account } of inputs.map(({ step }) => step))
    if (account !== undefined)
      checker.limits.add(`the rights of ${account}, as which the controller writes the objects`);
  await simulateAll(
    inputs,
    source,
    children,
    (index, result) => {
      const { at, head, input } = simulated[index] as (typeof simulated)[number];
      plans[at] = instancePlan(head, input.graph, result, onWrite);
      if (operation === 'apply' && result.decision.statusChanged)
        source.setStatus(head.instance, plannedStatus(result));
      finish?.(at, input.instance, result);
    },
    owners,
  );
  return plans;
}

/**
 * Returns the status that an instance gets. The state and the conditions are those before the simulation assumes that
 * objects are ready, so that an instance that waits for them is planned as waiting.
 */
export function plannedStatus({ standing, decision }: SimulationResult): JsonObject {
  const { state, conditions } = standing.status;
  return { ...decision.status, ...definedMembers({ state }), ...definedMembers({ conditions }) };
}

/** Prepares the plan of an instance whose definition does not change. */
export async function prepareInstance(
  context: PlanContext,
  { file, definition, candidates }: InstanceTask,
): Promise<PreparedInstance> {
  const { api, signal, settings } = context;
  const after = afterOf(context, file);
  const plain = headOf(context, file, definition, after);
  // The graph is needed to mask spec fields that are used only in Secrets.
  const early =
    definition === undefined || (plain.fields.length === 0 && file.answer.failure === undefined)
      ? undefined
      : await liveDefinition(api, definition, after, signal, settings);
  const head = early?.graph === undefined ? plain : withoutSecretInputs(plain, early.graph);
  const hides = early?.graph === undefined ? () => true : Secrets.specOf(early.graph).hides;
  const resting =
    withdrawnPlan(context, file, head, definition) ??
    unconvertiblePlan(head, file.unconvertible) ??
    planWithoutWrites(context, file, head, hides);
  if (resting !== undefined) return { plan: resting };
  if (definition === undefined) {
    const remedy = 'delete all of these definitions but one';
    return { plan: restingPlan(head, 'blocked', severalServe(candidates, file.desired.kind), remedy) };
  }
  const { graph, step, missing = '' } = early ?? (await liveDefinition(api, definition, after, signal, settings));
  if (graph === undefined) {
    const remedy = pinnedRevision(after) === undefined ? seeDefinition(head.definition) : unpinCommand(after);
    return {
      plan:
        context.operation === 'delete'
          ? deletionWithoutGraph(head, missing, 'have the labels of the instance')
          : restingPlan(head, 'blocked', missing, remedy),
    };
  }
  return { head, input: simulationInput(context, graph, after, step) };
}

/**
 * Plans the deletion of an instance or a Graph whose graph does not compile. The controller needs no graph for the
 * deletion.
 *
 * @param found completes the sentence `the controller deletes the objects that …`
 */
export function deletionWithoutGraph(head: InstanceHead, because: string, found: string): InstancePlan {
  return restingPlan(head, 'changed', `${because}; the controller deletes the objects that ${found}`);
}

/** Returns the instance after the operation: with the values of the file, or with a deletion timestamp. */
export function afterOf({ operation, now }: PlanContext, { live, desired, answer }: ObjectChange): KubeObject {
  if (operation === 'delete') {
    const object = live ?? desired;
    const deletionTimestamp = object.metadata.deletionTimestamp ?? new Date(now).toISOString();
    return { ...object, metadata: { ...object.metadata, deletionTimestamp } };
  }
  return storedAs(answer.object ?? laidOver(live, desired), live);
}

/**
 * Returns an object of a dry run with the live status and UID. Each dry run returns another UID for a new object, so a
 * planned UID replaces it.
 */
export function storedAs(object: KubeObject, live: KubeObject | undefined): KubeObject {
  const uid = live?.metadata.uid ?? plannedUid(object);
  return { ...object, metadata: { ...object.metadata, uid }, ...definedMembers({ status: live?.status }) };
}

/** Plans the change of an instance or a Graph itself, without the objects of its nodes. */
export function headOf(
  { operation }: PlanContext,
  file: ObjectChange,
  definition: KubeObject | undefined,
  after: KubeObject,
): InstanceHead {
  const { live, desired, unread } = file;
  const fields = operation === 'delete' ? [] : fieldLines(desired, live, after, []);
  const isThere = live !== undefined;
  const since = live?.metadata.deletionTimestamp;
  const action =
    operation === 'delete'
      ? isThere || unread !== undefined
        ? 'delete'
        : 'none'
      : isThere
        ? fields.length > 0
          ? 'change'
          : 'none'
        : unread === undefined
          ? 'create'
          : 'change';
  return {
    instance: refOf(desired),
    definition: definition?.metadata.name ?? '',
    ...(since === undefined ? {} : { deletedSince: since }),
    action,
    ...(action === 'none' || action === 'delete' ? {} : { checked: file.answer.checked }),
    ...(unread === undefined ? {} : { unread }),
    fields,
  };
}

/**
 * Plans an instance whose definition is being deleted and no longer has the controller's finalizer, so no controller
 * works on the instance. A deletion would not complete, and a change would have no effect. Returns `undefined` for any
 * other instance, and if nothing blocks the deletion.
 */
function withdrawnPlan(
  { operation }: PlanContext,
  { live }: ObjectChange,
  head: InstanceHead,
  definition: KubeObject | undefined,
): InstancePlan | undefined {
  if (definition === undefined || !isWithdrawn(definition)) return undefined;
  if (operation === 'delete' || live?.metadata.deletionTimestamp !== undefined) {
    const blocker = live === undefined ? undefined : blockerWithoutDefinition({ instance: live, definition });
    return blocker === undefined ? undefined : restingPlan(head, 'blocked', blocker.reason, blocker.remedy);
  }
  const because = `${withdrawnText(definition)}, and no controller works on its instances`;
  const remedy = restoreText(definition);
  return restingPlan(head, 'blocked', because, remedy);
}

/**
 * Returns the plan of an instance or a Graph for which the controller writes nothing, or `undefined` if it writes.
 *
 * @param hides is the value of the field used only in Secrets?
 */
export function planWithoutWrites(
  { operation }: PlanContext,
  { live, answer, desired, unread }: ObjectChange,
  head: InstanceHead,
  hides: (path: string) => boolean,
): InstancePlan | undefined {
  if (operation === 'delete') {
    if (live === undefined && unread !== undefined) {
      return restingPlan(
        head,
        'blocked',
        'it cannot be read with your rights, so its objects are not known',
        READ_RIGHT,
      );
    }
    return live === undefined ? restingPlan(head, 'unchanged', 'it is not in the cluster') : undefined;
  }
  const deletion = blockerOfDeletion(live, whyCommandOf(desired));
  if (deletion !== undefined) return restingPlan(head, 'blocked', deletion.reason, deletion.remedy);
  if (answer.failure !== undefined) {
    const because = `the API server refuses the instance: ${Secrets.maskObject(desired, hides, Failure.text(answer.failure))}`;
    const remedy = fileRemedy(answer.failure.message, refOf(desired)) ?? 'correct the fields that it names';
    return restingPlan(head, 'blocked', because, remedy);
  }
  return isPaused(answer.object ?? laidOver(live, desired))
    ? restingPlan(head, 'deferred', 'it is suspended')
    : undefined;
}

/** The remedy for an instance that may not be read. */
const READ_RIGHT = 'get the right to read it; kubectl auth can-i --list shows your rights';
