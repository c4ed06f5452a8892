import { CRD_KIND } from '@typekro/controller/controller';
import { resolve } from 'node:path';
import { createTransport, KubeClient, limitedTransport, loadKubeConfig, systemClock } from '@typekro/kube';
import { type CommandContext, type CommandInput, textOption } from './command.ts';
import type { JsonValue } from '@typekro/kit/core';

/** A connection to the cluster of a command. The caller must dispose of it, which closes the client. */
export interface ClusterConnection extends AsyncDisposable {
  readonly client: KubeClient;
  /** Namespace of the context. */
  readonly namespace: string;
  /** Name of the context. */
  readonly name: string;
  /** Does the kubeconfig have other contexts? */
  readonly hasOtherContexts: boolean;
}

/**
 * Connects to the cluster that `--kubeconfig` and `--context` select. The defaults are kubectl's. With `limitMs`, a
 * request fails with `kube/no-answer` when its response does not begin within this time. Default: no limit.
 */
export async function connectToCluster(
  context: CommandContext,
  input: CommandInput,
  { limitMs }: { readonly limitMs?: number } = {},
): Promise<ClusterConnection> {
  const path = textOption(input, 'kubeconfig');
  const name = textOption(input, 'context');
  const config = await loadKubeConfig({
    ...(path === undefined ? {} : { path: resolve(context.cwd, path) }),
    ...(name === undefined ? {} : { context: name }),
    env: context.env,
  });
  const client =
    limitMs === undefined
      ? new KubeClient({ config })
      : new KubeClient({
          transport: limitedTransport(await createTransport(config), config.server, limitMs, systemClock),
        });
  return {
    client,
    namespace: config.namespace,
    name: config.context,
    hasOtherContexts: config.hasOtherContexts === true,
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** Lists the CustomResourceDefinitions of the cluster that `--kubeconfig` and `--context` select. */
export async function readClusterCrds(context: CommandContext, input: CommandInput): Promise<readonly JsonValue[]> {
  await using connection = await connectToCluster(context, input);
  const { client } = connection;
  const { items } = await client.list(CRD_KIND, { signal: context.signal });
  return items;
}
