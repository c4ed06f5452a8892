import { keptText, safeInstallation } from '@typekro/controller/controller';
import { controllerCrds } from '@typekro/engine/graph';
import { type KubeObject, TypeKroError } from '@typekro/kit/core';
import { INSTALL_MANAGER } from '../bootstrap/installation.ts';
import { INSTALLATION_OPTIONS, manifestsFromInput } from '../bootstrap/manifests-from-input.ts';
import { connectToCluster } from '../cluster-client.ts';
import { type Command, type CommandInput, ExitCode } from '../command.ts';
import { optionWords, KUBECONFIG_OR_POD_OPTIONS } from '../command-options.ts';
import { yamlText } from '../text/yaml-text.ts';

/** `typekro install`: applies the CRDs of kro, and with `--controller` the controller and its rights. */
export const install: Command = {
  name: 'install',
  description:
    'Applies the CustomResourceDefinitions of ResourceGraphDefinition, GraphRevision and Graph to the cluster of the kubeconfig; with --controller also the namespace, the account with its rights, and the Deployment of the controller. Applying them again changes nothing. An installed CRD that accepts more than the CRD of this version, such as the CRD of a newer kro, is kept, with a message. With --print, the manifests are only printed to stdout.',
  positionals: [],
  options: [
    ...KUBECONFIG_OR_POD_OPTIONS,
    { name: 'print', summary: 'print the manifests as YAML instead of applying them' },
    { name: 'controller', summary: 'install the controller, too' },
    ...INSTALLATION_OPTIONS,
  ],
  examples: [
    { command: 'typekro install --context staging', summary: 'before the first `typekro controller`' },
    {
      command: 'typekro install --controller --image registry.example.com/typekro:1.0 --print',
      summary: 'the manifests of an installation',
    },
  ],
  async run(context, input) {
    const objects = manifests(input);
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

/** @throws TypeKroError `cli/usage` for an option of the controller without `--controller`. */
function manifests(input: CommandInput): KubeObject[] {
  if (input.options['controller'] === true) return manifestsFromInput(input);
  const [needless] = optionWords(INSTALLATION_OPTIONS, input);
  if (needless === undefined) return controllerCrds();
  throw new TypeKroError(`${needless} is an option of the controller, and this command installs only its CRDs`, {
    code: 'cli/usage',
    remedy: `add --controller, or leave ${needless} out`,
  });
}
