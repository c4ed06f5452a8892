import {
  compileOptionsOf,
  declaredKind,
  previewDefinition,
  readDefinitionObject,
  revisionsIn,
  withLevel,
} from '@typekro/controller/controller';
import type { DefinitionPreview, DefinitionRevision } from '@typekro/controller/controller';
import { type JsonObject, type KubeObject, getOwn, refOf } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type Graph, type GraphFeatures, type KroCompatibility, compile, Kinds, KroLevel } from '@typekro/engine/graph';
import type { ComparedFacets } from '@typekro/engine/schema';
import type { LiveSchemas } from '@typekro/kube';
import { keys } from '@typekro/engine/runtime';
import { definitionPlan } from '../plan/definition-plan.ts';
import { instancePlan } from '../plan/instance-plan.ts';
import type { InstancePlan } from '@typekro/controller/inspect';
import type { PlanContext } from '../plan/plan-context.ts';
import { simulateAll } from '../plan/simulation/simulate-all.ts';
import type { SimulatedWrite } from '../plan/simulation/simulate.ts';
import { simulationInput } from '../plan/snapshot-file.ts';
import { brokenPins, followedGraphs, RevisionGraphs } from './followed-graphs.ts';
import { upgradedInstances } from './instances-of.ts';
import { specForKro, stockFeatures, upgradeRefusal } from './upgrade-check.ts';
import type { DefinitionCheck, LevelCheck, Refusal, UpgradeOptions } from './upgrade-check.ts';

/** The inputs of the check of one definition. */
interface DefinitionTask {
  readonly planned: PlanContext;
  readonly schemas: LiveSchemas;
  readonly options: UpgradeOptions;
  readonly object: KubeObject;
  readonly spec: JsonObject;
  readonly name: string;
  readonly revisions: readonly DefinitionRevision[];
}

/** Compiles one definition of a cluster at each level, and simulates its instances with the resulting graph. */
export async function checkDefinition(
  planned: PlanContext,
  schemas: LiveSchemas,
  object: KubeObject,
  options: UpgradeOptions,
): Promise<DefinitionCheck> {
  const { name, spec, status } = readDefinitionObject(object);
  const revisions = revisionsIn(planned.basics.revisions, name);
  const task: DefinitionTask = { planned, schemas, options, object, spec, name, revisions };
  const { features } = options.settings;
  const acceptedBy = await acceptingControllers(task, spec, { own: features, kro: stockFeatures(features) });
  const instances = await upgradedInstances(planned, object);
  const levels: LevelCheck[] = [];
  for (const level of options.levels) levels.push(await checkLevel(task, level, instances));
  const state = typeof status['state'] === 'string' ? status['state'] : '';
  const versions = objectsAt(spec, 'schema', 'versions').map((version) => textAt(version, 'name'));
  return {
    name,
    kind: declaredKind(spec).kind,
    state,
    instances: instances.length,
    acceptedBy,
    ...(versions.length === 0 ? {} : { versions }),
    levels,
  };
}

/** The members of a task that compilation requires. */
type CompileTask = Pick<DefinitionTask, 'schemas' | 'name' | 'planned'> & Partial<DefinitionTask>;

/** The features of this project's controller and of kro's controller. */
export interface ControllerFeatures {
  readonly own: GraphFeatures;
  readonly kro: GraphFeatures;
}

/** Lists the controllers that accept the definition. */
async function acceptingControllers(
  task: CompileTask,
  spec: JsonObject,
  features: ControllerFeatures,
): Promise<string[]> {
  const names: string[] = [];
  const own: string[] = [];
  for (const level of KroLevel.LEVELS) {
    if ((await compileAt(task, spec, level, features.own)).graph !== undefined) own.push(`typekro ${level}`);
    if ((await compileAt(task, specForKro(spec), level, features.kro)).graph !== undefined) names.push(`kro ${level}`);
  }
  return [...names, ...own];
}

/** The results of kro's controller and of this project's controller for a definition of a cluster. */
export interface ComparedDefinition {
  /**
   * The reason why kro refuses the definition, and the controllers that accept it. Absent when kro accepts the
   * definition.
   */
  readonly refused?: Refusal & { readonly acceptedBy: readonly string[] };
  /** The graph that this project's controller compiles. Absent when this controller refuses the definition. */
  readonly graph?: Graph;
}

/** Compiles a definition as this project's controller does, and as kro does at level `to`. */
export async function compareControllers(
  planned: PlanContext,
  schemas: LiveSchemas,
  object: KubeObject,
  to: KroCompatibility,
  features: ControllerFeatures,
): Promise<ComparedDefinition> {
  const { name, spec } = readDefinitionObject(object);
  const task = { planned, schemas, name };
  const own = await compileAt(task, spec, planned.settings.level, features.own);
  const { graph, diagnostics } = await compileAt(task, specForKro(spec), to, features.kro);
  return {
    ...(own.graph === undefined ? {} : { graph: own.graph }),
    ...(graph !== undefined
      ? {}
      : { refused: { ...upgradeRefusal(diagnostics), acceptedBy: await acceptingControllers(task, spec, features) } }),
  };
}

async function compileAt(
  { schemas, name, planned, options }: CompileTask,
  spec: JsonObject,
  kroCompatibility: KroCompatibility,
  features: GraphFeatures = options?.settings.features ?? {},
) {
  const sources = await schemas.sourceFor(Kinds.used(spec), { signal: planned.signal });
  const definition = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', metadata: { name }, spec };
  return compile(definition, {
    ...compileOptionsOf({ ...(options?.settings ?? planned.settings), features, level: kroCompatibility }),
    sources,
  });
}

async function checkLevel(
  task: DefinitionTask,
  level: KroCompatibility,
  instances: readonly KubeObject[],
): Promise<LevelCheck> {
  const own = await compileAt(task, task.spec, level);
  const wanted = own.graph === undefined ? undefined : previewOf(task, level, own.graph, instances);
  const why: Pick<LevelCheck, 'refusal' | 'hint' | 'more'> =
    own.graph === undefined ? upgradeRefusal(own.diagnostics) : {};
  const refused = wanted?.preview.refusal === undefined ? why : { refusal: wanted.preview.refusal };
  const isAccepted = wanted !== undefined && refused.refusal === undefined;
  const served = isAccepted ? wanted : await lastGood(task, level, instances, wanted?.preview.crd === 'refuse');
  // Only the definition itself can change the CRD. The last good revision cannot.
  const change =
    wanted === undefined
      ? { crd: 'unchanged' as const, schema: [] }
      : { crd: CRD_WORDS[wanted.preview.crd], schema: schemaOf(task, wanted, instances) };
  const revisions = new RevisionGraphs(task.revisions, (spec) => compileAt(task, spec, level));
  const pins = await brokenPins(revisions, instances);
  if (served === undefined) return { level, ...refused, revision: 0, ...change, pins, plans: [], marks: [] };
  const { graph, preview } = served;
  const { graphs, held } = await followedGraphs(revisions, graph, preview, instances);
  return {
    level,
    ...refused,
    revision: preview.revision.to,
    ...change,
    pins,
    ...(held.length === 0 ? {} : { held }),
    ...(await simulate(task, preview, graphs)),
  };
}

/** A graph, and the predicted behaviour of the controller. */
interface PreviewedGraph {
  readonly graph: Graph;
  readonly crd: KubeObject | undefined;
  readonly facets: ComparedFacets;
  readonly preview: DefinitionPreview;
}

/** Predicts the behaviour of the controller with a graph of the definition. Ignores revisions after number `newest`. */
function previewOf(
  task: DefinitionTask,
  level: KroCompatibility,
  graph: Graph,
  instances: readonly KubeObject[],
  newest = Infinity,
): PreviewedGraph {
  const { planned, object, options } = task;
  const { basics, now } = planned;
  const crd = basics.crds.find(({ metadata }) => metadata.name === graph.instance.crd.metadata.name);
  const settings = withLevel(options.settings, level, options.settings.from);
  const { facets } = settings;
  const later = new Set(task.revisions.filter(({ number }) => number > newest).map((each) => each.object));
  const revisions = basics.revisions.filter((each) => !later.has(each));
  return {
    graph,
    crd,
    facets,
    preview: previewDefinition({ object, graph, revisions, crd, instances, settings, now }),
  };
}

function schemaOf({ object }: DefinitionTask, wanted: PreviewedGraph, instances: readonly KubeObject[]) {
  if (wanted.preview.crd === 'nothing') return [];
  return definitionPlan({ place: '', live: object, object, instances, ...wanted }).schema;
}

/**
 * Finds the newest revision that compiles. If `isCrdRefused` is true (the cluster refuses the CRD of the present spec),
 * a revision whose own CRD is refused is skipped.
 */
async function lastGood(
  task: DefinitionTask,
  level: KroCompatibility,
  instances: readonly KubeObject[],
  isCrdRefused: boolean,
): Promise<PreviewedGraph | undefined> {
  for (const { number, spec } of task.revisions.toReversed()) {
    const { graph } = await compileAt(task, spec, level);
    if (graph === undefined) continue;
    const previewed = previewOf(task, level, graph, instances, number);
    if (!isCrdRefused || previewed.preview.crd !== 'refuse') return previewed;
  }
  return undefined;
}

const CRD_WORDS = { nothing: 'unchanged', create: 'created', patch: 'changed', refuse: 'refused' } as const;

/** Simulates instances, each with its graph. */
async function simulate(
  { planned, name }: DefinitionTask,
  preview: DefinitionPreview,
  graphs: ReadonlyMap<KubeObject, Graph>,
): Promise<Pick<LevelCheck, 'plans' | 'marks'>> {
  const { source, checker } = planned;
  const inputs = [...graphs].map(([instance, graph]) =>
    simulationInput(planned, graph, instance, preview.stepOf(instance)),
  );
  const plans: InstancePlan[] = [];
  const marks = new Set<string>();
  await simulateAll(inputs, source, checker, (index, result) => {
    const input = inputs[index];
    if (input === undefined) return;
    const head = { instance: refOf(input.instance), definition: name, action: 'none', fields: [] } as const;
    plans[index] = instancePlan(head, input.graph, result);
    for (const write of result.writes) for (const mark of marksOf(write)) marks.add(mark);
  });
  return {
    plans: plans.filter(({ writes, state }) => writes.length > 0 || state === 'blocked'),
    marks: [...marks].sort(),
  };
}

/**
 * Returns the labels and annotations that a write changes or removes. Returns none if the write also changes other
 * fields.
 */
function marksOf({ apply, before, bookkeeping }: SimulatedWrite): string[] {
  if (bookkeeping !== true || apply === undefined || before === undefined) return [];
  const { labels = {}, annotations = {} } = apply.desired.metadata;
  const differs = (wanted: Readonly<Record<string, string>>, live: Readonly<Record<string, string>> = {}) => [
    ...Object.keys(wanted).filter((key) => getOwn(live, key) !== wanted[key]),
    ...Object.keys(live).filter((key) => keys.isReservedKey(key) && !Object.hasOwn(wanted, key)),
  ];
  return [...differs(labels, before.metadata.labels), ...differs(annotations, before.metadata.annotations)];
}
