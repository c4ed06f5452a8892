import { leftWithout, refuseNeeded, refuseUsed } from '@typekro/app/packages';
import { objectName, refOf } from '@typekro/kit/core';
import { type Command, ExitCode } from '../command.ts';
import { KUBECONFIG_OPTIONS } from '../command-options.ts';
import { connectToCluster } from '../cluster-client.ts';
import { printLines } from '../instance/print-report.ts';
import { completed } from '../packages/apply-packages.ts';
import { deleteObjects, inOrderOfDeletion } from '../packages/delete-objects.ts';
import { installedWith, readInstalled, usesOf } from '../packages/installed-objects.ts';
import { paintFor, usesColour } from '../plan/printed/paint.ts';

/** `typekro uninstall NAME`: deletes the objects of an installed package. */
export const uninstall: Command = {
  name: 'uninstall',
  description:
    'Deletes the definitions of an installed package and then its rights. Deletes nothing while another package needs it, or an instance, a Graph of the package, or another definition that uses one of its kinds is in the cluster, and names what uses the package. Packages that were installed only for it stay and are named. The CustomResourceDefinitions stay, unless the controller may delete them. --dry-run deletes nothing.',
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
    const packages = await readInstalled({ api, signal });
    const removed = installedWith(packages, input.positionals[0] ?? '');
    const { name, versions, objects } = removed;
    const paint = paintFor(usesColour(context));
    const sign = paint.sign('-');
    const title = `${name} ${versions.join(' and ')}`;
    printLines(context, [
      `${paint.strong('Package')}  ${sign} ${title}`,
      ...inOrderOfDeletion(objects).map((object) => `  ${sign} ${objectName(refOf(object))}`),
      '',
    ]);
    refuseNeeded(removed, packages);
    refuseUsed(name, await usesOf({ api, signal }, objects));
    if (input.options['dry-run'] === true) return ExitCode.ok;
    return await completed(context, title, async (counted) => {
      await deleteObjects(counted, api, objects);
      const left = leftWithout(removed, packages).map(
        (each) => `${each.name} was installed only for it, and stays; to remove it: typekro uninstall ${each.name}`,
      );
      printLines(counted, [`uninstalled ${title}`, ...left]);
      return ExitCode.ok;
    });
  },
};
