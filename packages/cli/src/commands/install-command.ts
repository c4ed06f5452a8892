import { keptText, safeInstallation } from '@typekro/controller/controller';
import { controllerCrds } from '@typekro/engine/graph';
import { INSTALL_MANAGER } from '../bootstrap/installation.ts';
import { connectToCluster } from '../cluster-client.ts';
import { type Command, ExitCode } from '../command.ts';
import { KUBECONFIG_OR_POD_OPTIONS } from '../command-options.ts';
import { yamlText } from '@typekro/app/text';

/** `typekro install`: applies the CRDs of kro, for a controller outside the cluster. */
export const install: Command = {
  name: 'install',
  description:
    'Applies the CustomResourceDefinitions of ResourceGraphDefinition, GraphRevision and Graph to the cluster of the kubeconfig, for a controller outside the cluster (`typekro bootstrap` installs them with the controller). Applying them again changes nothing. An installed CRD that accepts more than the CRD of this version, such as the CRD of a newer kro, is kept, with a message. With --print, the manifests are only printed to stdout.',
  positionals: [],
  options: [
    ...KUBECONFIG_OR_POD_OPTIONS,
    { name: 'print', summary: 'print the manifests as YAML instead of applying them' },
  ],
  examples: [{ command: 'typekro install --context staging', summary: 'before the first `typekro controller`' }],
  async run(context, input) {
    const objects = controllerCrds();
    if (input.options['print'] === true) {
      context.print(await yamlText(objects), 'document');
      return ExitCode.ok;
    }
    await using connection = await connectToCluster(context, input);
    const { client } = connection;
    const { apply, kept } = await safeInstallation(client, objects, context.signal);
    for (const crd of kept) context.print(keptText(crd));
    for (const object of apply) {
      await client.apply(object, { fieldManager: INSTALL_MANAGER, force: true, signal: context.signal });
      context.print(`applied ${object.kind} ${object.metadata.name ?? ''}`);
    }
    return ExitCode.ok;
  },
};
