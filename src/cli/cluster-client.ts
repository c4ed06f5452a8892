import { resolve } from 'node:path';
import { KubeClient, loadKubeConfig } from '../kube/index.ts';
import type { CommandContext, CommandInput } from './command.ts';
import { textOption } from './command.ts';

/** A client of the cluster that `--kubeconfig` and `--context` name; by default as kubectl. The caller closes it. */
export async function clusterClient(context: CommandContext, input: CommandInput): Promise<KubeClient> {
  const path = textOption(input, 'kubeconfig');
  const name = textOption(input, 'context');
  const config = await loadKubeConfig({
    ...(path === undefined ? {} : { path: resolve(context.cwd, path) }),
    ...(name === undefined ? {} : { context: name }),
    env: context.env,
  });
  return new KubeClient({ config });
}
