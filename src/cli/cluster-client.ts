import { resolve } from 'node:path';
import { KubeClient, loadKubeConfig } from '../kube/index.ts';
import type { CommandContext, CommandInput } from './command.ts';
import { textOption } from './command.ts';

/** A connection to the cluster of a command. */
export interface ClusterConnection {
  /** The caller must close the client. */
  readonly client: KubeClient;
  /** Namespace of the context. */
  readonly namespace: string;
  /** Name of the context. */
  readonly name: string;
}

/** Connects to the cluster that `--kubeconfig` and `--context` select. The defaults are kubectl's. */
export async function connectToCluster(context: CommandContext, input: CommandInput): Promise<ClusterConnection> {
  const path = textOption(input, 'kubeconfig');
  const name = textOption(input, 'context');
  const config = await loadKubeConfig({
    ...(path === undefined ? {} : { path: resolve(context.cwd, path) }),
    ...(name === undefined ? {} : { context: name }),
    env: context.env,
  });
  return { client: new KubeClient({ config }), namespace: config.namespace, name: config.context };
}
