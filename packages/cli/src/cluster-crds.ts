import type { JsonValue } from '@typekro/kit/core';
import { connectToCluster } from './cluster-client.ts';
import type { CommandContext, CommandInput } from './command.ts';

/** Lists the CustomResourceDefinitions of the cluster that `--kubeconfig` and `--context` select. */
export async function readClusterCrds(context: CommandContext, input: CommandInput): Promise<readonly JsonValue[]> {
  await using connection = await connectToCluster(context, input);
  const { client } = connection;
  const type = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
  const { items } = await client.list(type, { signal: context.signal });
  return items;
}
