import { PACKAGED_TYPES, refuseUsed } from '@typekro/app/packages';
import { type ObjectRemover, removeObject, waitUntilGone } from '@typekro/app/plan';
import { GraphObject, isDefinition } from '@typekro/engine/graph';
import { type KubeObject, type ObjectRef, formatRef, objectName, refOf } from '@typekro/kit/core';
import { systemClock } from '@typekro/kube';
import { type Command, ExitCode } from '../command.ts';
import { KUBECONFIG_OPTIONS } from '../command-options.ts';
import { connectToCluster } from '../cluster-client.ts';
import { printLines } from '../instance/print-report.ts';
import { completed } from '../packages/apply-packages.ts';
import { installedWith, readInstalled, usesOf } from '../packages/installed-objects.ts';
import { paintFor, usesColour } from '../plan/printed/paint.ts';

/** The time limit for the deletion of the definitions, in milliseconds. */
const DELETE_TIMEOUT_MS = 60_000;

/** `typekro uninstall NAME`: deletes the objects of an installed package. */
export const uninstall: Command = {
  name: 'uninstall',
  description:
    'Deletes the definitions of an installed package and then its rights. Deletes nothing while an instance, a Graph of the package, or another definition that uses one of its kinds is in the cluster, and names what uses the package. The CustomResourceDefinitions stay, unless the controller may delete them. --dry-run deletes nothing.',
  positionals: [{ name: 'name', summary: 'the name of the package, as typekro inspect prints it', required: true }],
  options: [{ name: 'dry-run', summary: 'show what would be deleted, and delete nothing' }, ...KUBECONFIG_OPTIONS],
  examples: [
    { command: 'typekro uninstall platform/web-app --dry-run', summary: 'what would be deleted, or what uses it' },
    { command: 'typekro uninstall platform/web-app', summary: 'when nothing uses it' },
  ],
  async run(context, input) {
    const { signal } = context;
    await using connection = await connectToCluster(context, input);
    const api = connection.client;
    const { name, versions, objects } = installedWith(await readInstalled({ api, signal }), input.positionals[0] ?? '');
    const paint = paintFor(usesColour(context));
    const sign = paint.sign('-');
    const title = `${name} ${versions.join(' and ')}`;
    const sorted = PACKAGED_TYPES.flatMap(({ kind }) => objects.filter((each) => each.kind === kind));
    printLines(context, [
      `${paint.strong('Package')}  ${sign} ${title}`,
      ...sorted.map((object) => `  ${sign} ${objectName(refOf(object))}`),
      '',
    ]);
    refuseUsed(name, await usesOf({ api, signal }, objects));
    if (input.options['dry-run'] === true) return ExitCode.ok;
    return await completed(context, title, async (counted) => {
      await deleteObjects(sorted, { api, signal, clock: systemClock, print: (line) => printLines(counted, [line]) });
      printLines(counted, [`uninstalled ${title}`]);
      return ExitCode.ok;
    });
  },
};

/** Deletes the objects in their order. The rights stay until the controller has let the definitions go. */
export async function deleteObjects(
  objects: readonly KubeObject[],
  writer: Omit<ObjectRemover, 'source'>,
): Promise<void> {
  const live = new Map(objects.map((object) => [formatRef(refOf(object)), object]));
  const task = { ...writer, source: { liveOf: (ref: ObjectRef) => live.get(formatRef(ref)) } };
  const [served, rights] = [objects.filter(isServed), objects.filter((object) => !isServed(object))].map((each) =>
    each.map(refOf),
  );
  for (const ref of served ?? []) await removeObject(task, ref);
  await waitUntilGone(task, served ?? [], DELETE_TIMEOUT_MS, 'its rights were not deleted');
  for (const ref of rights ?? []) await removeObject(task, ref);
}

const isServed = (object: KubeObject): boolean => isDefinition(object) || GraphObject.is(object);
