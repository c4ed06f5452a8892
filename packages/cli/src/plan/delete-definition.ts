import { instanceKey, previewDefinition, readDefinitionObject } from '@typekro/controller/controller';
import type { KubeObject } from '@typekro/kit/core';
import { count } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import { isInstanceOf } from '../instance/serving-definition.ts';
import { withdrawnText } from '../instance/without-definition.ts';
import { describeInputPlace } from '../checks/check-inputs.ts';
import type { DefinitionPlan } from '@typekro/controller/inspect';
import type { PlanContext } from './plan-context.ts';
import type { FileObject } from './plan-objects.ts';

/**
 * Plans the deletion of a definition. The notes describe the effect on its instances and its CRD.
 *
 * @param given the instances that are in the files and deleted before the definition, as `namespace/name`
 */
export async function deletionOfDefinition(
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
