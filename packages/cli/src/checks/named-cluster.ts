import { type JsonValue, TypeKroError } from '@typekro/kit/core';
import { KubeError } from '@typekro/kube';
import { connectToCluster, readClusterCrds } from '../cluster-client.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { controllerSettings } from '../controller-settings.ts';
import type { CheckOptions } from './check-inputs.ts';
import { clusterDryRun } from './cluster-dry-run.ts';

// This module is loaded only if the options name a cluster.

/**
 * Reads the CRDs of the cluster. The error for an unreachable cluster contains the hint that the files can be checked
 * without a cluster.
 */
export async function readCrds(context: CommandContext, input: CommandInput): Promise<readonly JsonValue[]> {
  try {
    return await readClusterCrds(context, input);
  } catch (error) {
    if (!(error instanceof KubeError) || error.remedy === undefined) throw error;
    throw new TypeKroError(error.message, {
      code: error.code,
      cause: error,
      ...(error.what === undefined ? {} : { what: error.what }),
      remedy: `${error.remedy}; without --kubeconfig and --context the files are checked without a cluster`,
    });
  }
}

/**
 * Calls `check` with the settings of the controller of the cluster that the options name, and with dry runs on this
 * cluster for the templates of Graphs. Closes the connection afterwards.
 */
export async function onCluster<Result>(
  context: CommandContext,
  input: CommandInput,
  check: (options: Pick<CheckOptions, 'cluster' | 'settings'>) => Promise<Result>,
): Promise<Result> {
  await using connection = await connectToCluster(context, input);
  const { client } = connection;
  const settings = await controllerSettings(client, context.signal);
  return await check({ settings, cluster: clusterDryRun(client, context.signal) });
}
