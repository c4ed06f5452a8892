import { instanceKey, previewDefinition, readDefinitionObject } from '@typekro/controller/controller';
import { describeInputPlace, type InputObject } from './input-object.ts';
import { type KubeObject, count, definedMembers, gvkOf, objectName, refOf } from '@typekro/kit/core';
import { type Graph, GraphObject, Kinds, isDefinition } from '@typekro/engine/graph';
import { compareText } from '@typekro/kit/golang';
import { ObjectKey } from '@typekro/engine/runtime';
import { crdSource } from '@typekro/engine/schema';
import type {
  DefinitionPlan,
  InstancePlan,
  Meanwhile,
  ObjectPlan,
  Plan,
  PlanSource,
} from '@typekro/controller/inspect';
import { withCommand } from '@typekro/controller/inspect';
import { withGraphNames } from '../instance/object-owners.ts';
import type { PlanContext } from './plan-context.ts';
import { addPresent } from './before-revision.ts';
import { NestedInstances } from './nested-instances.ts';
import { type InstancesTask, planDefinition, planInstancesOfDefinition } from './plan-definition.ts';
import { isPlannedGraph, planGraphs } from './plan-graph.ts';
import { type InstanceTask, afterOf, instanceTask, orphanPlan, planInstances } from './plan-instance.ts';
import { type FileObject, filePlan, readFileObjects } from './plan-objects.ts';
import { summaryOf } from './summary-of-plan.ts';
import { isInstanceOf } from '../instance/serving-definition.ts';
import { withdrawnText } from '../instance/without-definition.ts';

/** The checked files of a plan. */
export interface PlannedFiles {
  readonly objects: readonly InputObject[];
  /** The graphs of the definitions in the files, in the order in which they are applied. */
  readonly graphs: readonly Graph[];
  /** The CRDs in the files and the CRDs that the options name. */
  readonly crds: readonly KubeObject[];
  /** The CRDs that the options name. */
  readonly named: readonly KubeObject[];
}

/** Plans the apply of files, or their deletion. */
export async function makePlan(
  planContext: PlanContext,
  files: PlannedFiles,
  from: PlanSource,
): Promise<{ readonly plan: Plan; readonly desired: readonly KubeObject[] }> {
  const context: PlanContext = { ...planContext, owners: new Map() };
  const declared = crdSource([...files.graphs.map(({ instance }) => instance.crd), ...files.crds]);
  const objects = await readFileObjects(context, files.objects, declared);
  const kinds = new Set(files.graphs.map(kindOf));
  const definitions: DefinitionPlan[] = [];
  const ofDefinitions = new Map<string, InstancesTask>();
  const instances: InstancePlan[] = [];
  const others: ObjectPlan[] = [];
  const isGiven = ({ desired }: FileObject) => kinds.has(ObjectKey.groupKind(gvkOf(desired)));
  const byDefinition = new Map(
    objects.filter(({ desired }) => isDefinition(desired)).map((file) => [file.desired.metadata.name, file]),
  );
  const isDeletion = context.operation === 'delete';
  for (const file of objects) {
    const isChanged = Kinds.isCrd(file.desired) && filePlan(context, file).action === 'change';
    if (isChanged && !isDeletion) context.checker.changedCrds.add(file.desired.metadata.name ?? '');
  }
  for (const graph of files.graphs) {
    const definition = byDefinition.get(graph.name);
    if (definition === undefined || isDeletion) continue;
    const own = objects.filter(({ desired }) => ObjectKey.groupKind(gvkOf(desired)) === kindOf(graph));
    const given = new Map(own.map((file) => [instanceKey(file.desired), file]));
    const planned = await planDefinition(context, { graph, definition, given });
    definitions.push(planned.definition);
    ofDefinitions.set(kindOf(graph), planned.instances);
    if (planned.instances.isNewSchema) context.checker.changedCrds.add(graph.instance.crd.metadata.name ?? '');
  }
  const nested = new NestedInstances(context, ofDefinitions);
  const present = new NestedInstances(context, ofDefinitions);
  const within = { ...context, children: nested.checker(), present: present.checker() };
  for (const task of ofDefinitions.values())
    for (const each of await planInstancesOfDefinition(within, task)) instances.push(each);
  const tasks: InstanceTask[] = [];
  const graphs: FileObject[] = [];
  for (const file of objects) {
    if (isDefinition(file.desired) || (isGiven(file) && !isDeletion)) continue;
    const task = instanceTask(context, file);
    const orphan = task === undefined ? orphanPlan(context, file) : undefined;
    if (task !== undefined) tasks.push(task);
    else if (orphan !== undefined) instances.push(orphan);
    else if (isPlannedGraph(context, file)) graphs.push(file);
    else others.push(filePlan(context, file));
  }
  instances.push(...(await planInstances(within, tasks)), ...(await planGraphs(within, graphs, declared)));
  const now = instances.flatMap(({ recreated: _recreated, ...plan }) =>
    plan.meanwhile === undefined ? [] : [{ ...plan, ...plan.meanwhile }],
  );
  const all = addPresent(await nested.addTo(instances), await present.addTo(now));
  all.sort((a, b) => compareText(nameOf(a), nameOf(b)));
  for (const graph of isDeletion ? files.graphs : []) {
    const definition = byDefinition.get(graph.name);
    const isOwn = ({ instance }: InstancePlan) => ObjectKey.groupKind(gvkOf(instance)) === kindOf(graph);
    const deleted = new Set(all.filter(isOwn).map(({ instance }) => `${instance.namespace ?? ''}/${instance.name}`));
    if (definition !== undefined) definitions.push(await deletionOfDefinition(context, graph, definition, deleted));
  }
  const limits = [
    ...context.basics.limits,
    ...context.source.limits,
    ...context.checker.limits,
    ...nested.limits,
    ...otherNamespaces(context, definitions),
    ...unservedGraphs(context, objects),
  ];
  const named = await withGraphNames(
    context.api,
    all,
    context.signal,
    graphs.map((file) => afterOf(context, file)),
  );
  const body = {
    definitions: definitions.map(withCommand),
    objects: others.map(withCommand),
    instances: named.map(withCommands),
  };
  const plan: Plan = {
    schemaVersion: 1,
    operation: context.operation,
    source: from,
    ...body,
    summary: summaryOf(body),
    limits,
  };
  return { plan, desired: objects.map(({ desired }) => desired) };
}

const withCommands = (plan: InstancePlan): InstancePlan => ({
  ...withCommand(plan),
  ...commandsOf(plan),
  ...definedMembers({ meanwhile: plan.meanwhile && commandsOf(plan.meanwhile) }),
});

const commandsOf = ({ writes, later, blocked }: Meanwhile): Meanwhile => ({
  writes: writes.map(withCommand),
  later: later.map(withCommand),
  blocked: blocked.map(withCommand),
});

/**
 * Returns a limit when only one namespace is planned and a definition changes, because the definition also changes
 * instances in other namespaces.
 */
function otherNamespaces({ only }: PlanContext, definitions: readonly DefinitionPlan[]): string[] {
  if (only === undefined) return [];
  const changed = definitions.filter(({ action }) => action !== 'none').map(({ name }) => name);
  if (changed.length === 0) return [];
  return [
    `instances in other namespaces than ${only} were not planned, but a change of ${changed.join(', ')} changes them, too`,
  ];
}

/** Returns a limit for Graphs that have no effect, because the controller lacks the feature gate of the kind. */
function unservedGraphs({ settings, operation }: PlanContext, objects: readonly FileObject[]): string[] {
  if (settings.graphKind !== false || operation === 'delete') return [];
  const names = objects.flatMap(({ desired }) => (GraphObject.is(desired) ? [objectName(refOf(desired))] : []));
  if (names.length === 0) return [];
  return [
    `the controller of ${settings.from} does not serve the kind Graph, and does nothing for ${names.join(', ')}: start it with --feature-gates=GraphKind=true`,
  ];
}

const kindOf = ({ instance }: Graph): string => ObjectKey.groupKind(instance);

const nameOf = ({ instance, definition }: InstancePlan): string =>
  `${definition} ${instance.namespace ?? ''}/${instance.name}`;

/**
 * Plans the deletion of a definition. The notes describe the effect on its instances and its CRD.
 *
 * @param given the instances that are in the files and deleted before the definition, as `namespace/name`
 */
async function deletionOfDefinition(
  { source, basics, settings }: PlanContext,
  graph: Graph,
  { input, live, desired }: FileObject,
  given: ReadonlySet<string>,
): Promise<DefinitionPlan> {
  const { group, version, kind, plural, namespaced } = graph.instance;
  const table = await source.loadAll({ group, version, kind, plural, namespaced });
  const crd = basics.crds.find(({ metadata }) => metadata.name === graph.instance.crd.metadata.name);
  const instances = [...table.all()].filter((instance) => isInstanceOf(graph.name, instance, crd));
  const left = instances.filter((instance) => !given.has(instanceKey(instance)));
  const revision = previewDefinition({
    object: live ?? desired,
    graph,
    revisions: basics.revisions,
    crd: undefined,
    instances,
    settings,
  }).revision.from;
  return {
    name: graph.name,
    kind,
    place: describeInputPlace(input),
    action: live === undefined ? 'none' : 'delete',
    revision: { from: revision, to: 0 },
    schema: [],
    nodes: [],
    other: [],
    notes:
      live === undefined
        ? ['it is not in the cluster']
        : [...deletionNotes(live), ...notesOf(readDefinitionObject(live).waitForInstances, left.length, kind)],
  };
}

/** Returns a note when the deletion of the definition was already requested before the plan. */
const deletionNotes = (live: KubeObject): string[] =>
  live.metadata.deletionTimestamp === undefined ? [] : [withdrawnText(live)];

function notesOf(waits: boolean, left: number, kind: string): string[] {
  const instances = count(left, 'instance');
  if (left === 0) return [`no instance of ${kind} is left; its CRD stays, unless the controller may delete CRDs`];
  const isOne = left === 1;
  if (waits)
    return [`it stays until its ${instances} ${isOne ? 'is' : 'are'} deleted (typekro.dev/deletion-policy: wait)`];
  return [
    isOne
      ? `${instances} of ${kind} stays with its objects, and no controller manages it any longer`
      : `${instances} of ${kind} stay with their objects, and no controller manages them any longer`,
    'a controller that may delete CRDs (--allow-crd-deletion) deletes the instances and their objects, too',
  ];
}
