import { controllerCrds } from '../../controller/index.ts';
import { KubeClient, loadKubeConfig } from '../../kube/index.ts';
import type { Command } from '../command.ts';
import { ExitCode, textOption } from '../command.ts';

/** `typekro install`: the two CRDs of kro, which the controller needs and does not write itself. */
export const install: Command = {
  name: 'install',
  summary: 'apply the CRDs that the controller needs',
  description:
    'Applies the CustomResourceDefinitions of ResourceGraphDefinition and GraphRevision to the cluster of the kubeconfig. Applying them again changes nothing.',
  positionals: [],
  options: [
    { name: 'kubeconfig', summary: 'a kubeconfig file; default as kubectl, then the pod', value: 'file' },
    { name: 'context', summary: 'a context of the kubeconfig', value: 'name' },
  ],
  examples: [{ command: 'typekro install --context staging', summary: 'before the first `typekro controller`' }],
  async run(context, input) {
    const path = textOption(input, 'kubeconfig');
    const name = textOption(input, 'context');
    const config = await loadKubeConfig({
      ...(path === undefined ? {} : { path }),
      ...(name === undefined ? {} : { context: name }),
      env: context.env,
    });
    const client = new KubeClient({ config });
    try {
      for (const crd of controllerCrds()) {
        await client.apply(crd, { fieldManager: 'typekro-install', force: true, signal: context.signal });
        context.print(`applied ${crd.kind} ${crd.metadata.name ?? ''}`);
      }
    } finally {
      await client.close();
    }
    return ExitCode.ok;
  },
};
