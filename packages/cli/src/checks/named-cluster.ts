import { type JsonValue, TypeKroError } from '@typekro/kit/core';
import { type KubernetesApi, KubeError, unlessFailed } from '@typekro/kube';
import { DEFINITION_KIND } from '@typekro/controller/controller';
import { connectToCluster, readClusterCrds } from '../cluster-client.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { controllerSettings } from '@typekro/app/controllers';
import type { CheckOptions } from './check-inputs.ts';
import type { DryRun, RefusalCause } from '@typekro/cluster';

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
 * Calls `check` with the settings of the controller of the cluster that the options name, with the definitions of this
 * cluster that the user may read, and with dry runs on it for the templates of Graphs. Closes the connection afterwards.
 */
export async function onCluster<Result>(
  context: CommandContext,
  input: CommandInput,
  check: (options: Pick<CheckOptions, 'cluster' | 'definitions' | 'settings'>) => Promise<Result>,
): Promise<Result> {
  await using connection = await connectToCluster(context, input);
  const { client } = connection;
  const settings = await controllerSettings(client, context.signal);
  const { items = [] } = (await unlessFailed(client.list(DEFINITION_KIND, { signal: context.signal }))) ?? {};
  return await check({ settings, definitions: items, cluster: clusterDryRun(client, context.signal) });
}

/** The status codes for an invalid object. A refusal with any other code is about rights or other objects. */
const WRONG_OBJECT: ReadonlySet<number> = new Set([400, 422]);

/** Matches the message of a refusal by admission, which names no field. */
const ADMISSION = /admission webhook|ValidatingAdmissionPolicy/;

/**
 * Checks objects with dry runs on a cluster, so that its versions, defaults, policies and webhooks apply. An object
 * that already exists counts as accepted. A refusal by a policy or webhook has an empty field.
 */
export function clusterDryRun(client: KubernetesApi, signal: AbortSignal): DryRun {
  return {
    async check(object) {
      try {
        await client.create(object, { dryRun: true, signal });
        return [];
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        return causesOf(error);
      }
    },
    namesAdmission: true,
    close: () => undefined,
  };
}

function causesOf({ status, message, details }: KubeError): readonly RefusalCause[] {
  if (ADMISSION.test(message)) return [{ field: '', message }];
  if (status === undefined || !WRONG_OBJECT.has(status)) return [];
  const causes = details.causes.map((cause) => ({ field: cause.field ?? '', message: cause.message ?? message }));
  return causes.length === 0 ? [{ field: '', message }] : causes;
}
