import { PACKAGED_TYPES } from '@typekro/app/packages';
import { removeObject, waitUntilGone } from '@typekro/app/plan';
import { type KubeObject, type ObjectRef, formatRef, refOf } from '@typekro/kit/core';
import { type KubernetesApi, systemClock } from '@typekro/kube';
import { isRightsObject } from '@typekro/app/packages';
import type { CommandContext } from '../command.ts';
import { printLines } from '../instance/print-report.ts';

/** The time limit for the deletion of the definitions, in milliseconds. */
const DELETE_TIMEOUT_MS = 60_000;

/** The objects of packages in the order of their deletion: the rights last. */
export const inOrderOfDeletion = (objects: readonly KubeObject[]): KubeObject[] =>
  PACKAGED_TYPES.flatMap(({ kind }) => objects.filter((each) => each.kind === kind));

/** Deletes objects as they were read. The rights stay until the controller has let the definitions go. */
export async function deleteObjects(
  context: CommandContext,
  api: KubernetesApi,
  objects: readonly KubeObject[],
): Promise<void> {
  const live = new Map(objects.map((object) => [formatRef(refOf(object)), object]));
  const task = {
    api,
    signal: context.signal,
    clock: systemClock,
    source: { liveOf: (ref: ObjectRef) => live.get(formatRef(ref)) },
    print: (line: string) => printLines(context, [line]),
  };
  const sorted = inOrderOfDeletion(objects);
  const served = sorted.filter((each) => !isRightsObject(each)).map(refOf);
  for (const ref of served) await removeObject(task, ref);
  await waitUntilGone(task, served, DELETE_TIMEOUT_MS, 'its rights were not deleted');
  for (const object of sorted.filter(isRightsObject)) await removeObject(task, refOf(object));
}
