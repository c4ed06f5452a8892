import type { Diagnostic, GroupVersionKind, JsonObject, KubeObject } from '@typekro/kit/core';
import { definedMembers, typeMetaOf, gvkOf, isJsonObject } from '@typekro/kit/core';
import type { CompileResult, DefinitionDocument, Graph } from '@typekro/engine/graph';
import { compile, Kinds, KroLevel, revisionHash, tryConversions } from '@typekro/engine/graph';
import { type ApiResource, type KubernetesApi, KubeError, LiveSchemas, unlessFailed } from '@typekro/kube';
import { Conversion } from '@typekro/engine/conversion';
import { keys, readConditions, RecordedStatus } from '@typekro/engine/runtime';
import { type RevisionGraph, followableGraph, pinFailure, pinnedRevision } from './revision.ts';
import { compiledSpec } from './compiler.ts';
import { signatureProblem } from './definition-signature.ts';
import { type DefinitionRevision, definitionRevisions } from './definition-revisions.ts';
import { crdDifference } from './crd-difference.ts';
import { ownedCrd, planCrd } from './crd-plan.ts';
import { type ConversionEffects, tryOnCluster } from './conversion-trial.ts';
import { CRD_KIND, readDefinitionObject } from './definition-object.ts';
import { type InstanceStepOptions, instanceStepOptions } from './instance-step.ts';
import { liveRollout } from '../rollout/live-rollout.ts';
import { hasPropagateWhen, isPropagationDone } from '../rollout/rollouts.ts';
import { type ControllerSettings, compileOptionsOf } from '../settings.ts';
import { annotationProblems, readPolicies } from './definition-policies.ts';

/**
 * The graph and the options that a controller uses for an instance. All of them come from objects in the cluster, so
 * that other programs can read them too.
 */
export interface LiveDefinition {
  /** `undefined` when no revision compiles. */
  readonly graph?: Graph;
  /** The number of the graph's revision; 0 without a graph, and when the graph comes from the definition itself. */
  readonly revision: number;
  /** The options of a step, taken from the definition and its annotations. */
  readonly step: InstanceStepOptions;
  /**
   * The user as which the controller reads and writes the objects. Absent without a graph, or when the controller acts
   * as itself.
   */
  readonly actingAs?: string;
  /**
   * Of the specs that were tried, the errors of the newest one that does not compile; empty when all of them compile.
   */
  readonly problems: readonly Diagnostic[];
  /** Why there is no graph. Absent with a graph. */
  readonly missing?: string;
  /** Sentences about special circumstances: an earlier revision that is served, a pin, an invalid policy. */
  readonly notes: readonly string[];
}

/**
 * The graph that the controller follows for an instance: the revision to which the instance is pinned, or without a pin
 * the newest usable revision. A revision is usable when the roll-out permits it, its CRD is not refused, and it
 * compiles against the schemas of the cluster. If there are neither revisions nor a pin, the graph of the definition's
 * own spec.
 *
 * @throws KubeError when schemas cannot be read.
 */
export async function liveDefinition(
  api: KubernetesApi,
  object: KubeObject,
  instance: KubeObject,
  signal: AbortSignal,
  settings: ControllerSettings,
): Promise<LiveDefinition> {
  const definition = readDefinitionObject(object);
  const policies = readPolicies(object);
  const { revisions, unread } = await revisionsOf(api, definition.name, signal);
  const notes = [...annotationProblems(policies), ...(unread === undefined ? [] : [unread])];
  const step = instanceStepOptions(definition, policies, instance, settings);
  const actingAs = definedMembers({ actingAs: step.account });
  const schemas = new LiveSchemas(api);
  const pin = pinnedRevision(instance);
  if (pin !== undefined) {
    const { graph, missing, errors } = await liveRevision(api, definition.name, pin, revisions, signal, settings);
    notes.push(...falseConditions(definition.status));
    if (graph === undefined) {
      const failure = unread ?? pinFailure(instance, missing);
      return { revision: 0, step, problems: errors, missing: failure, notes: [...new Set([failure, ...notes])] };
    }
    notes.unshift(`the instance is pinned to revision ${pin}`);
    return { graph, revision: pin, step: { ...step, revision: pin }, problems: [], notes, ...actingAs };
  }
  const rollout =
    policies.canary === undefined
      ? undefined
      : await liveRollout(api, gvkOf(instance), revisions, instance, policies.canary, signal);
  if (rollout !== undefined) notes.push(rollout.note);
  const kept = rollout?.isFirst === true ? undefined : keptRevision(revisions, instance);
  if (kept !== undefined) notes.push(kept.note);
  notes.push(...falseConditions(definition.status));
  const last = kept?.number ?? rollout?.base?.number ?? Infinity;
  const compileOf = (spec: JsonObject) => compileSpec(schemas, definition.name, spec, settings, signal);
  // kro 0.10 issues a revision even when its CRD is refused, and then serves an earlier revision.
  const mayBeRefused = KroLevel.followsGraphEngine(settings.level) && isKindRefused(definition.status);
  const isRefused = async (graph: Graph) =>
    mayBeRefused && (await liveChange(api, object, graph, settings, signal)).refusal !== undefined;
  // A spec that does not compile gets no revision. A spec that has just changed does not have one yet.
  const newest = revisions.at(-1);
  const isIssued = newest !== undefined && revisionHash(newest.spec) === revisionHash(definition.spec);
  const own = isIssued ? undefined : await compileOf(definition.spec);
  let problems = own?.errors ?? [];
  const isSigned = signatureProblem(object, settings.publisherKeys) === undefined;
  if (newest === undefined && own?.graph !== undefined && isSigned) {
    return { graph: own.graph, revision: 0, step, problems, notes, ...actingAs };
  }
  for (const { number, spec } of revisions.filter((each) => each.number <= last).toReversed()) {
    const { graph, errors } = await compileOf(spec);
    if (graph !== undefined && (await isRefused(graph))) {
      notes.push(`the CustomResourceDefinition of revision ${number} is refused: an earlier revision is served`);
      continue;
    }
    if (graph !== undefined) {
      if (problems.length > 0)
        notes.push(`the present spec of the definition does not compile: revision ${number} is served`);
      else if (!isIssued && rollout?.base === undefined && kept === undefined)
        notes.push(`the definition was changed after revision ${number}`);
      return { graph, revision: number, step: { ...step, revision: number }, problems, notes, ...actingAs };
    }
    if (problems.length === 0) problems = errors;
  }
  const because = problems[0] === undefined ? 'can be served' : `compiles: ${problems[0].message}`;
  return { revision: 0, step, problems, missing: `no revision of ${definition.name} ${because}`, notes };
}

/**
 * The graph of a revision that instances could follow now, or the reason why they could not, with the errors of the
 * compiler.
 *
 * @param revisions the revisions of the definition
 * @throws KubeError when schemas cannot be read.
 */
export async function liveRevision(
  api: KubernetesApi,
  name: string,
  number: number,
  revisions: readonly DefinitionRevision[],
  signal: AbortSignal,
  settings: ControllerSettings,
): Promise<RevisionGraph & { readonly errors: readonly Diagnostic[] }> {
  const spec = revisions.find((each) => each.number === number)?.spec;
  const compiled = spec && (await compileLive(api, name, spec, signal, settings));
  const { graph, errors = [] } = compiled ?? {};
  const crd = graph && (await unlessFailed(liveCrd(api, graph, signal)));
  const found = compiled && compiledSpec(graph, errors);
  return { ...followableGraph(number, found, crd && Conversion.storedVersion(crd)), errors };
}

/**
 * The CRD of a graph's instances; `undefined` when the cluster has none.
 *
 * @throws KubeError when it cannot be read.
 */
export const liveCrd = (
  api: KubernetesApi,
  { instance }: Graph,
  signal: AbortSignal,
): Promise<KubeObject | undefined> => api.find({ ...CRD_KIND, name: instance.crd.metadata.name ?? '' }, { signal });

/**
 * The reason why the controller would not write the CRD of a definition with this graph, and what the change does to the
 * objects of its kind.
 *
 * @throws KubeError when the CRD or the objects of its kind cannot be read.
 */
export async function liveChange(
  api: KubernetesApi,
  object: KubeObject,
  graph: Graph,
  settings: ControllerSettings,
  signal: AbortSignal,
): Promise<{ readonly refusal?: string; readonly effects: ConversionEffects }> {
  const definition = readDefinitionObject(object);
  const live = await liveCrd(api, graph, signal);
  if (live === undefined) return { effects: new Map() };
  const wanted = ownedCrd(graph.instance.crd, definition, keys.DEFAULT_VERSION, undefined, live);
  const difference = crdDifference(live, wanted, settings.facets, graph);
  const untried = planCrd(live, wanted, definition, difference, settings.conversions);
  const change = { existing: live, wanted, isBreakingAllowed: definition.allowBreakingChanges };
  const { plan, effects } = await tryOnCluster(api, untried, change, signal);
  return { effects, ...(plan.do === 'refuse' ? { refusal: plan.message } : {}) };
}

/**
 * The resource of a kind that a definition declares, of several served versions in the stored one, because it needs no
 * conversion and the revision in force reads it. If the CRD may not be read, in the declared version, or in another one
 * if the cluster does not serve that one. `undefined` if the cluster does not serve the kind.
 */
export async function declaredResource(
  api: Pick<KubernetesApi, 'discovery' | 'find'>,
  type: GroupVersionKind,
  signal: AbortSignal,
): Promise<ApiResource | undefined> {
  const { group, kind } = type;
  const { discovery } = api;
  const served = (await unlessFailed(discovery.all({ signal })))?.filter(
    (each) => each.group === group && each.kind === kind,
  );
  const [first, ...others] = served ?? [];
  if (first !== undefined && others.length > 0) {
    const crd = await unlessFailed(api.find({ ...CRD_KIND, name: `${first.plural}.${group}` }, { signal }));
    const stored = served?.find(({ version }) => crd !== undefined && version === Conversion.storedVersion(crd));
    if (stored !== undefined) return stored;
  }
  const declared = await discovery.resourceOf(typeMetaOf(type), { signal });
  return declared ?? discovery.inGroup(group, kind, { signal });
}

/**
 * The revision in the status of an instance, while `propagateWhen` holds the newest revision back from some instances.
 * `undefined` when the instance follows the newest revision, and when its status names no revision.
 */
function keptRevision(
  revisions: readonly DefinitionRevision[],
  instance: KubeObject,
): { readonly number: number; readonly note: string } | undefined {
  const newest = revisions.at(-1);
  if (newest === undefined || !hasPropagateWhen(newest.spec) || isPropagationDone(newest.object)) return undefined;
  const number = RecordedStatus.revision(instance);
  if (number === undefined || number >= newest.number) return undefined;
  const note = `the instance follows revision ${number} until propagateWhen of the definition allows revision ${newest.number}`;
  return { number, note };
}

/** The messages of a definition's conditions that are False. */
function falseConditions(status: JsonObject): string[] {
  const all = readConditions(status['conditions']).filter((condition) => condition.status === 'False');
  // The condition Ready repeats the message of another one.
  return all
    .filter(
      ({ type, message }) => type !== 'Ready' || !all.some((each) => each.type !== 'Ready' && each.message === message),
    )
    .map(({ type, message = '' }) => `the definition is not ${type}${message === '' ? '' : `: ${message}`}`);
}

/** Does the status of a definition say that its CRD is refused? An earlier revision than the newest is then served. */
export const isKindRefused = (status: JsonObject | undefined): boolean =>
  readConditions(status?.['conditions']).some(({ type, status: is }) => type === 'KindReady' && is === 'False');

/**
 * Compiles the spec of a definition against the schemas of a cluster.
 *
 * @throws KubeError when schemas cannot be read.
 */
export function compileLive(
  api: KubernetesApi,
  name: string,
  spec: JsonObject,
  signal: AbortSignal,
  settings: ControllerSettings,
): Promise<{ readonly graph?: Graph; readonly errors: readonly Diagnostic[] }> {
  return compileSpec(new LiveSchemas(api), name, spec, settings, signal);
}

/**
 * Compiles a document that contains a definition against the schemas of a cluster, with warnings, and with positions in
 * the text of the document.
 *
 * @throws KubeError when schemas cannot be read.
 */
export function compileLiveDocument(
  api: KubernetesApi,
  document: DefinitionDocument,
  signal: AbortSignal,
  settings: ControllerSettings,
): Promise<CompileResult> {
  const { value } = document;
  const spec = isJsonObject(value) && isJsonObject(value['spec']) ? value['spec'] : {};
  return compileInput(new LiveSchemas(api), document, spec, settings, signal);
}

async function compileSpec(
  schemas: LiveSchemas,
  name: string,
  spec: JsonObject,
  settings: ControllerSettings,
  signal: AbortSignal,
): Promise<{ readonly graph?: Graph; readonly errors: readonly Diagnostic[] }> {
  const object = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', metadata: { name }, spec };
  const { graph, diagnostics } = await compileInput(schemas, object, spec, settings, signal);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  return graph === undefined ? { errors } : { graph, errors };
}

async function compileInput(
  schemas: LiveSchemas,
  input: JsonObject | DefinitionDocument,
  spec: JsonObject,
  settings: ControllerSettings,
  signal: AbortSignal,
): Promise<CompileResult> {
  const sources = await schemas.sourceFor(Kinds.used(spec), { signal });
  return tryConversions(compile(input, { sources, ...compileOptionsOf(settings) }));
}

/** The revisions of a definition. `unread` is the reason when they cannot be read. */
async function revisionsOf(
  api: KubernetesApi,
  name: string,
  signal: AbortSignal,
): Promise<{ readonly revisions: readonly DefinitionRevision[]; readonly unread?: string }> {
  try {
    return { revisions: await definitionRevisions(api, name, signal) };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return { revisions: [], unread: `the revisions could not be read: ${error.message}` };
  }
}
