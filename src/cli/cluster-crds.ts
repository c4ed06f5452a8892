import { resolve } from 'node:path';
import type { JsonValue } from '../core/index.ts';
import { KubeClient, loadKubeConfig } from '../kube/index.ts';
import type { CommandContext, CommandInput } from './command.ts';
import { textOption } from './command.ts';

/** The CustomResourceDefinitions of the cluster that `--kubeconfig` and `--context` name. */
export async function readClusterCrds(context: CommandContext, input: CommandInput): Promise<readonly JsonValue[]> {
  const path = textOption(input, 'kubeconfig');
  const name = textOption(input, 'context');
  const config = await loadKubeConfig({
    ...(path === undefined ? {} : { path: resolve(context.cwd, path) }),
    ...(name === undefined ? {} : { context: name }),
    env: context.env,
  });
  const client = new KubeClient({ config });
  try {
    const type = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
    const { items } = await client.list(type, { signal: context.signal });
    return items.map((item) => ({ ...type, ...item }) as unknown as JsonValue);
  } finally {
    await client.close();
  }
}
