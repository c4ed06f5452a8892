import { count, formatRef, objectName, refOf, TypeKroError, definedMembers } from '@typekro/kit/core';
import { Nodes } from '@typekro/engine/graph';
import { type NodeReport, keys } from '@typekro/engine/runtime';
import type { Command } from '../../command.ts';
import { controllerSettings } from '@typekro/app/controllers';
import { levelOption } from '../../command-options.ts';
import { reportChange } from '../../instance/change-instance.ts';
import { CHANGE_OPTIONS } from '../../instance/change-report.ts';
import { argumentOf, blockerWithoutDefinition, observe } from '@typekro/app/instance';
import { INSTANCE_OPTIONS, INSTANCE_POSITIONAL } from '../../instance/report-on-instance.ts';

/** `typekro delete INSTANCE`: deletes an instance. The controller deletes the objects of the instance first. */
export const deleteInstance: Command = {
  name: 'delete',
  description:
    'Deletes an instance, and prints how many objects are deleted with it. The controller deletes the objects in the reverse order of their dependencies, then the instance itself. A concurrent change of the instance is a conflict. --dry-run changes nothing.',
  positionals: [INSTANCE_POSITIONAL],
  options: [...CHANGE_OPTIONS, ...INSTANCE_OPTIONS],
  examples: [
    { command: 'typekro delete team-a/shop --dry-run', summary: 'what would be deleted' },
    { command: 'typekro delete team-a/shop', summary: 'then typekro wait team-a/shop --for deleted' },
  ],
  run: (context, input) =>
    reportChange(context, input, async ({ api, text, namespace, dryRun, signal }) => {
      const observation = await observe(api, text, namespace, signal, {
        subject: 'instance',
        settings: controllerSettings(api, signal, levelOption(input)),
      });
      const { instance, decision, graph } = observation;
      const { uid, resourceVersion, deletionTimestamp, finalizers = [] } = instance.metadata;
      const object = refOf(instance);
      const argument = argumentOf(instance);
      const command = `typekro delete ${argument}`;
      if (deletionTimestamp !== undefined) {
        const effect = `it is being deleted (since ${deletionTimestamp})`;
        return { object, result: 'unchanged', effect, command, next: `typekro why ${argument}` };
      }
      const blocker = blockerWithoutDefinition(observation);
      if (blocker !== undefined) {
        throw new TypeKroError(`${objectName(object)} would never be gone: ${blocker.reason}`, {
          code: 'instance/not-deleted',
          remedy: `nothing was deleted; ${blocker.remedy}`,
        });
      }
      // A concurrent change, for example of the deletion policy, is a conflict.
      const preconditions = { ...definedMembers({ uid, resourceVersion }) };
      await api.delete(object, { preconditions, dryRun, signal });
      const keepsChildren = instance.metadata.annotations?.[keys.DELETION_POLICY_ANNOTATION] === 'orphan';
      const isOwned = ({ id }: NodeReport): boolean => {
        const node = graph?.nodes.get(id);
        return node === undefined || Nodes.ownsObjects(node);
      };
      const isKept = ({ id }: NodeReport): boolean => {
        const node = graph?.nodes.get(id);
        return keepsChildren || (node !== undefined && Nodes.ownsObjects(node) && node.deletionPolicy === 'Orphaned');
      };
      const countOf = (nodes: readonly NodeReport[]): number =>
        nodes.flatMap(({ because, objects }) =>
          objects.filter(
            ({ object, state }) =>
              (state === 'present' || state === 'deleting') &&
              (because.kind !== 'other-owner' || formatRef(because.object) !== formatRef(object)),
          ),
        ).length;
      const owned = decision.nodes.filter(isOwned);
      const effect = effectText(
        { deleted: countOf(owned.filter((node) => !isKept(node))), kept: countOf(owned.filter(isKept)) },
        { keepsChildren, dryRun },
      );
      const isWaiting = finalizers.includes(keys.FINALIZER) || finalizers.includes(keys.GRAPH_FINALIZER);
      return {
        object,
        result: 'deleted',
        effect,
        command,
        ...(isWaiting ? { next: `typekro wait ${argument} --for deleted` } : {}),
      };
    }),
};

interface Counts {
  readonly deleted: number;
  readonly kept: number;
}

/** Says how many objects the deletion of an instance deletes, and how many stay by a deletion policy. */
function effectText(
  { deleted, kept }: Counts,
  { keepsChildren, dryRun }: { readonly keepsChildren: boolean; readonly dryRun: boolean },
): string {
  const stays = `${count(kept, 'object')} ${kept === 1 ? 'stays' : 'stay'}`;
  if (keepsChildren) return `${stays}, because of its deletion policy`;
  const until =
    deleted === 0
      ? 'its controller has no object to delete'
      : `it ${dryRun ? 'would exist' : 'exists'} until its controller has deleted ${count(deleted, 'object')}`;
  return kept === 0 ? until : `${until}; ${stays} (deletionPolicy: Orphaned)`;
}
