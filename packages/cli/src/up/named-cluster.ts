import type { DryRun } from '@typekro/cluster';
import type { JsonValue } from '@typekro/kit/core';
import { TypeKroError } from '@typekro/kit/core';
import { KubeError } from '@typekro/kube';
import { connectToCluster } from '../cluster-client.ts';
import { readClusterCrds } from '../cluster-crds.ts';
import type { CommandContext, CommandInput } from '../command.ts';
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

/** Calls `check` with dry runs on the cluster that the options name. Closes the connection afterwards. */
export async function withDryRun<Result>(
  context: CommandContext,
  input: CommandInput,
  check: (cluster: DryRun) => Promise<Result>,
): Promise<Result> {
  const { client } = await connectToCluster(context, input);
  try {
    return await check(clusterDryRun(client, context.signal));
  } finally {
    await client.close();
  }
}
