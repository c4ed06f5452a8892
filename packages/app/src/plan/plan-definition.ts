import {
  type DefinitionPreview,
  type Deferral,
  compileLive,
  instanceKey,
  isKindRefused,
  pinFailure,
  previewDefinition,
} from '@typekro/controller/controller';
import { describeInputPlace } from './input-object.ts';
import { type KubeObject, definedMembers, namespacedName, refOf, stringifyJson } from '@typekro/kit/core';
import { isMasked } from './masked-values.ts';
import type { Graph } from '@typekro/engine/graph';
import { Conversion } from '@typekro/engine/conversion';
import { Failure, Finalizers, Secrets } from '@typekro/engine/runtime';
import { CrdSchema } from '@typekro/engine/schema';
import { textAt } from '@typekro/kit/kubernetes';
import { unpinCommand } from '../instance/why-report.ts';
import { isInstanceOf } from '../instance/serving-definition.ts';
import { shellWord } from '../text/escapes.ts';
import { blockerOfDeletion, deletionThatResumes, whyCommandOf } from './being-deleted.ts';
import { appliedSpec } from './apply-object.ts';
import { definitionPlan } from './definition-plan.ts';
import { droppedLines } from './dropped-lines.ts';
import { type InstanceHead, restingPlan, unconvertiblePlan, withoutSecretInputs } from './instance-plan.ts';
import { laidOver, underSchema } from '@typekro/sdk/deploy';
import type { DefinitionPlan, InstancePlan } from '@typekro/controller/inspect';
import { keptLines } from './version-lines.ts';
import type { PlanContext } from './plan-context.ts';
import { prepareInstance, simulatePrepared, storedAs } from './plan-instance.ts';
import type { InstanceTask, PreparedInstance } from './plan-instance.ts';
import { type ChangedInstance, type OldSpecTask, planMeanwhile, planRecreated } from './before-revision.ts';
import { type FileObject, type ObjectChange, fieldLines, fileRemedy, changeInHub } from './plan-objects.ts';
import { candidatesOf } from './rollout-candidates.ts';
import { revealedBy, simulationInput, withoutMaskedErrors } from './snapshot-file.ts';

/** The task to plan a definition from a file, together with its instances. */
export interface DefinitionTask {
  readonly graph: Graph;
  readonly definition: FileObject;
  /** The definition's instances in the files, keyed by `namespace/name`. */
  readonly given: ReadonlyMap<string, ObjectChange>;
}

/** Plans a definition, and returns the task to plan its instances. */
export async function planDefinition(
  context: PlanContext,
  { graph, definition, given }: DefinitionTask,
): Promise<{ readonly definition: DefinitionPlan; readonly instances: InstancesTask }> {
  const { basics, salt, settings, now } = context;
  const ownCrd = basics.crds.find(({ metadata }) => metadata.name === graph.instance.crd.metadata.name);
  const crd = revealedBy(salt, graph.instance.crd)(ownCrd);
  const { stored: read, instances } = await instancesOf(context, graph, ownCrd);
  const { live, desired, answer, unread } = definition;
  const reveal = revealedBy(salt, { ...desired, spec: { snapshot: { spec: desired.spec ?? {} } } });
  const answered = answer.object ?? laidOver(live, desired);
  const spec = appliedSpec(live, desired, answered.spec ?? {});
  const object = { ...answered, spec, ...definedMembers({ status: live?.status }) };
  const revisions = basics.revisions.map(reveal);
  const { facets } = settings;
  const candidates = await candidatesOf(context, graph, object, ownCrd, instances);
  // A mask is no value that a rule could convert.
  const stored = salt === undefined ? read : read.filter(({ spec }) => !isMasked(stringifyJson(spec ?? {})));
  const preview = previewDefinition({ object, graph, revisions, crd, instances: candidates, stored, settings, now });
  const place = describeInputPlace(definition.input);
  const before = crd === undefined ? undefined : preview.before;
  const former =
    before === undefined
      ? undefined
      : (await compileLive(context.api, graph.name, before, context.signal, settings)).graph;
  const planned = definitionPlan({
    place,
    graph,
    live,
    object,
    crd,
    instances,
    stored: read,
    candidates: candidates.length,
    preview,
    facets,
    ...(before === undefined ? {} : { hiddenBefore: former === undefined ? () => true : Secrets.specOf(former).hides }),
    ...(unread === undefined ? {} : { unread }),
  });
  const deletion = blockerOfDeletion(live, `typekro why ${shellWord(graph.name)}`);
  const refused =
    answer.failure === undefined ? planned.refusal : `the API server refuses it: ${Failure.text(answer.failure)}`;
  const refusal = deletion?.reason ?? refused;
  const keys = new Set(read.map(instanceKey));
  const inHub = new Map(instances.map((each) => [instanceKey(each), each]));
  const added = [...given].filter(([key]) => !keys.has(key)).map(([, file]) => file.desired);
  return {
    definition: {
      ...planned,
      ...(planned.action === 'none' ? {} : { checked: answer.checked }),
      ...(refusal === undefined ? {} : { refusal }),
      ...definedMembers({ remedy: deletion?.remedy ?? preview.remedy }),
    },
    instances: {
      graph,
      preview,
      refusal,
      isNewSchema: refusal === undefined && preview.crd !== 'nothing',
      live,
      crd,
      given,
      instances: [...read, ...added].map((each) => inHub.get(instanceKey(each)) ?? each),
    },
  };
}

/**
 * The instances of a definition: `stored` in the version in which the cluster stores them, as the controller tries them,
 * and `instances` in the version that the graph reads, converted as the controller will convert them. An instance that
 * cannot be converted is only in `stored`.
 */
async function instancesOf({ source }: PlanContext, graph: Graph, crd: KubeObject | undefined) {
  const { group, version: hub, kind, plural, namespaced } = graph.instance;
  const converter = Conversion.of(graph.instance.crd);
  const versions = (crd === undefined ? [] : CrdSchema.versions(crd))
    .filter((each) => each['served'] === true)
    .toSorted((a, b) => Number(b['storage'] === true) - Number(a['storage'] === true))
    .map((each) => textAt(each, 'name'));
  const version = versions.find((each) => each === hub || converter?.versions.includes(each)) ?? hub;
  const table = await source.loadAll({ group, version, kind, plural, namespaced });
  const stored = [...table.all()]
    .filter((instance) => isInstanceOf(graph.name, instance, crd))
    .sort((a, b) => (instanceKey(a) < instanceKey(b) ? -1 : 1));
  const converted = stored.map((desired) =>
    changeInHub(graph.instance.crd, { desired, live: undefined, answer: { checked: 'none' } }),
  );
  return { stored, instances: converted.flatMap((each) => (each.unconvertible === undefined ? [each.desired] : [])) };
}

/** The inputs of the plans of one definition's instances. */
export interface InstancesTask {
  readonly graph: Graph;
  readonly preview: DefinitionPreview;
  readonly refusal: string | undefined;
  /**
   * True when the schema of instances changes. The results of dry runs are then ignored, because the server checks
   * instances by the old schema.
   */
  readonly isNewSchema: boolean;
  /** The definition in the cluster. */
  readonly live: KubeObject | undefined;
  /** The CRD in the cluster. */
  readonly crd: KubeObject | undefined;
  readonly given: ReadonlyMap<string, ObjectChange>;
  readonly instances: readonly KubeObject[];
}

/** Plans the instances of a definition that a file changes. */
export async function planInstancesOfDefinition(context: PlanContext, task: InstancesTask): Promise<InstancePlan[]> {
  const prepared: PreparedInstance[] = [];
  const held: { readonly at: number; readonly resting: InstancePlan }[] = [];
  const ofCanary: ChangedInstance[] = [];
  const oldSpecs: OldSpecTask[] = [];
  for (const [at, instance] of task.instances.entries()) {
    const each = prepare(context, task, instance);
    prepared.push('file' in each ? await prepareInstance(context, each) : each);
    if ('file' in each) held.push({ at, resting: each.resting });
    if (!('input' in each) || each.changed === undefined) continue;
    if (each.head.rollout === 'later') ofCanary.push({ at, ...each.changed });
    // The moment when the new definition is applied, but the change of the instance is not applied yet.
    const { live = instance } = each.changed.file;
    const before = task.isNewSchema ? underSchema(task.graph, live).object : live;
    oldSpecs.push({ at, input: { ...each.input, instance: before } });
  }
  const plans = await simulatePrepared(context, prepared);
  held.forEach(({ at, resting }) => {
    const plan = plans[at] as InstancePlan;
    const isResting = plan.state !== 'blocked' && plan.later.length === 0;
    plans[at] = isResting && plan.writes.every(({ action }) => action === 'labels') ? resting : plan;
  });
  await planMeanwhile(context, ofCanary, plans);
  await planRecreated(context, oldSpecs, plans);
  return plans;
}

/** An instance that a file changes, with its definition in the cluster. */
type ChangedFile = InstanceTask & { readonly definition: KubeObject };

/** An instance that a file changes and that keeps its revision. Its new spec is planned with this revision. */
interface HeldInstance extends ChangedFile {
  /** The plan of the instance for the case that its change causes no write. */
  readonly resting: InstancePlan;
}

type Prepared =
  | HeldInstance
  | Extract<PreparedInstance, { plan: InstancePlan }>
  | (Extract<PreparedInstance, { head: InstanceHead }> & {
      /** Present when both the revision and the instance change. */
      readonly changed?: ChangedFile;
    });

/**
 * Returns the finished plan of an instance if no simulation is needed. Otherwise returns the input of the simulation:
 * with the new revision or, for a `HeldInstance`, with the revision that the instance keeps.
 *
 * @param given the change of the instance, in any version of its API. Default: the change in `task.given`
 */
export function prepare(
  context: PlanContext,
  task: InstancesTask,
  written: KubeObject,
  given: ObjectChange | undefined = task.given.get(instanceKey(written)),
): Prepared {
  const { graph, preview, refusal } = task;
  const { rollout } = preview;
  const file = given && changeInHub(graph.instance.crd, given);
  const instance = file?.live ?? file?.desired ?? written;
  const key = instanceKey(instance);
  const answered = task.isNewSchema ? undefined : file?.answer.object;
  const next = file === undefined ? instance : storedAs(answered ?? laidOver(file.live, file.desired), file.live);
  const checked = file?.answer.checked === 'none' || task.isNewSchema ? underSchema(graph, next) : undefined;
  const errors = context.salt === undefined ? checked?.errors : withoutMaskedErrors(next, checked?.errors ?? []);
  const after = checked?.object ?? next;
  const isUnread = file?.unread !== undefined;
  const isNew = file !== undefined && file.live === undefined && !isUnread;
  const kept = file === undefined || task.isNewSchema ? [] : keptLines(file.live, after);
  const lost = [...droppedLines(instance, checked?.dropped ?? [], task.crd), ...kept];
  const fields = isNew ? [] : file === undefined ? lost : [...fieldLines(file.desired, file.live, after, []), ...lost];
  const phase =
    rollout?.phase !== 'waiting' ? undefined : rollout.members.has(key) ? ('first' as const) : ('later' as const);
  const action = isNew ? 'create' : isUnread || (file !== undefined && fields.length > 0) ? 'change' : 'none';
  const plain: InstanceHead = {
    instance: refOf(instance),
    definition: graph.name,
    action,
    // With a new schema, the instance is checked by the rules of this process, because the server only has the old
    // schema.
    ...(action === 'none' ? {} : { checked: checked === undefined ? (file?.answer.checked ?? 'none') : 'rules' }),
    ...(isUnread ? { unread: true } : {}),
    fields,
    ...(phase === undefined || isNew ? {} : { rollout: phase }),
    ...(instance.metadata.deletionTimestamp === undefined ? {} : { deletedSince: instance.metadata.deletionTimestamp }),
  };
  const head = withoutSecretInputs(plain, graph);
  const problem = file?.unconvertible ?? preview.effects.get(namespacedName(instance.metadata))?.problem;
  const unconvertible = unconvertiblePlan(head, problem);
  if (unconvertible !== undefined) return { plan: unconvertible };
  const resumed = deletionThatResumes(file?.live, task.live, graph.name);
  if (resumed !== undefined) return { plan: restingPlan({ ...head, action: 'none', fields: [] }, 'deferred', resumed) };
  const deletion = file === undefined ? undefined : blockerOfDeletion(file.live, whyCommandOf(file.desired));
  if (deletion !== undefined) return { plan: restingPlan(head, 'blocked', deletion.reason, deletion.remedy) };
  const resting = deferredPlan(after, head, preview, task);
  const changed = file === undefined || head.action === 'none' ? undefined : changedFile(task.live, file, checked);
  if (resting !== undefined) {
    if (changed === undefined || !keepsRevision(after, preview, refusal)) return { plan: resting };
    if ((errors ?? []).length === 0) return { ...changed, resting };
  }
  // The server checks the fields by the old schema. A missing namespace is an error in any schema.
  const refused = file?.answer.failure;
  const failure = task.isNewSchema && refused?.code !== 404 ? undefined : refused;
  const { hides } = Secrets.specOf(graph);
  const problems = (failure === undefined ? (errors ?? []) : [Failure.text(failure)]).map((text) =>
    Secrets.maskObject(next, hides, text),
  );
  if (problems.length > 0) {
    const because = `the API server refuses the instance: ${problems.join('; ')}`;
    const remedy = failure === undefined ? undefined : fileRemedy(failure.message, head.instance);
    return {
      plan: restingPlan(head, 'blocked', because, remedy ?? 'correct the fields in the instance, or the schema'),
    };
  }
  const input = simulationInput(context, graph, after, preview.stepOf(after));
  const isRevised = preview.revision.from !== preview.revision.to || head.rollout === 'later';
  return { head, input, ...(changed?.file.live !== undefined && isRevised ? { changed } : {}) };
}

/** @param checked the instance under the new schema. Given when the server cannot check the instance */
function changedFile(
  definition: KubeObject | undefined,
  file: ObjectChange,
  checked: ReturnType<typeof underSchema> | undefined,
): ChangedFile | undefined {
  if (definition === undefined) return undefined;
  const answer = checked === undefined ? file.answer : { checked: 'rules' as const, object: checked.object };
  return { file: { ...file, answer }, definition, candidates: [definition] };
}

/**
 * Returns the plan of an instance to which the new definition does not apply now: the instance is being deleted, is
 * suspended or keeps its revision, or the definition is refused. Returns `undefined` for any other instance.
 */
function deferredPlan(
  instance: KubeObject,
  head: InstanceHead,
  preview: DefinitionPreview,
  { refusal, live }: InstancesTask,
): InstancePlan | undefined {
  const { deletionTimestamp } = instance.metadata;
  if (deletionTimestamp !== undefined)
    return restingPlan(head, 'deferred', `it is being deleted (since ${deletionTimestamp})`);
  if (Finalizers.isSuspended(instance)) return restingPlan(head, 'deferred', 'it is suspended');
  const deferral = preview.deferralOf(instance);
  if (deferral?.kind === 'pinned' && deferral.missing !== undefined) {
    return restingPlan(head, 'blocked', pinFailure(instance, deferral.missing), unpinCommand(instance));
  }
  if (deferral !== undefined) return restingPlan(head, 'deferred', deferralText(deferral));
  if (refusal === undefined) return undefined;
  const effect =
    live?.metadata.deletionTimestamp === undefined
      ? `would be refused, and ${stayText(preview, live)}`
      : 'is being deleted, and its instances are no longer managed';
  return restingPlan(head, 'deferred', `the definition ${head.definition} ${effect}`);
}

/**
 * Is the instance deferred only because it keeps its revision? A change of its spec still has an effect in this case.
 */
function keepsRevision(instance: KubeObject, preview: DefinitionPreview, refusal: string | undefined): boolean {
  const isAtRest = instance.metadata.deletionTimestamp !== undefined || Finalizers.isSuspended(instance);
  const deferral = preview.deferralOf(instance);
  if (deferral?.kind === 'pinned' && deferral.missing !== undefined) return false;
  const kind = deferral?.kind;
  return (
    refusal === undefined &&
    !isAtRest &&
    (kind === 'pinned' || kind === 'held-by-canary' || kind === 'held-by-condition')
  );
}

function stayText({ revision: { from, to } }: DefinitionPreview, live: KubeObject | undefined): string {
  if (from === 0) return 'no revision serves it';
  // kro 0.10 can store a revision and then refuse it. `from` is then the refused revision, and not the one in force.
  const isRefused = from === to || isKindRefused(live?.status);
  return isRefused ? 'an earlier revision stays in force' : `revision ${from} stays in force`;
}

function deferralText(deferral: Deferral): string {
  switch (deferral.kind) {
    case 'pinned':
      return `it is pinned to revision ${deferral.revision}`;
    case 'pinned-to-nothing':
      return 'its pin is not a number of a revision';
    case 'held-by-condition':
      return `propagateWhen of the definition holds the revision back: ${deferral.message}`;
    case 'held-by-canary':
      return `the canary holds the revision back${deferral.message === '' ? '' : `: ${deferral.message}`}`;
  }
}
