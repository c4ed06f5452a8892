import type { ControllerSettings } from '@typekro/controller/controller';
import { TypeKroError } from '@typekro/kit/core';
import { type KubernetesApi, readSession } from '@typekro/kube';
import { type ClusterConnection, connectToCluster } from '../cluster-client.ts';
import type { CommandContext, CommandInput, OptionSpec, PositionalSpec } from '../command.ts';
import { ExitCode, textOption } from '../command.ts';
import { KUBECONFIG_OPTIONS, LEVEL_OPTION, levelOption, outputOption } from '../command-options.ts';
import { controllerSettings } from '@typekro/app/controllers';
import { type Answer, type InstanceObservation, observe } from '@typekro/app/instance';
import { reportPrinter } from './print-report.ts';

/** Makes the answer when no instance with the name exists. */
type Otherwise = (
  missing: TypeKroError,
  api: KubernetesApi,
  settings: ControllerSettings | Promise<ControllerSettings>,
) => Promise<Answer>;

/** The argument of all commands about one instance. */
export const INSTANCE_POSITIONAL: PositionalSpec = {
  name: 'instance',
  summary: 'NAME, NAMESPACE/NAME, KIND/NAME or KIND/NAMESPACE/NAME',
  required: true,
};

/** The argument of all commands about an instance or one of its nodes. */
export const INSTANCE_NODE_POSITIONAL: PositionalSpec = {
  ...INSTANCE_POSITIONAL,
  summary: `${INSTANCE_POSITIONAL.summary}, then /NODE`,
};

/** Options that select the cluster and namespace of an instance. */
export const CONNECTION_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'namespace',
    short: 'n',
    summary: 'namespace of an instance whose name has none; by default the namespace of the context',
    value: 'name',
  },
  ...KUBECONFIG_OPTIONS,
];

/** Options of all commands that read an instance of a cluster. */
export const INSTANCE_OPTIONS: readonly OptionSpec[] = [...CONNECTION_OPTIONS, outputOption()];

/** Options of commands that predict the decisions of an instance's controller. `reportOnInstance` reads them. */
export const DECIDING_OPTIONS: readonly OptionSpec[] = [...INSTANCE_OPTIONS, LEVEL_OPTION];

/** Observes the instance that the first argument names, in one session of reads. */
export function observeArgument(
  { signal }: CommandContext,
  input: CommandInput,
  { client, namespace: ownNamespace }: ClusterConnection,
) {
  const api = readSession(client);
  const settings = controllerSettings(api, signal, levelOption(input));
  const namespace = textOption(input, 'namespace') ?? ownNamespace;
  return { api, settings, seen: observe(api, input.positionals[0] ?? '', namespace, signal, { settings }) };
}

/**
 * Finds the instance that the first argument names, calls `describe`, and prints the answer of `describe`. Keeps the
 * client open until `describe` returns. Returns the exit code of the answer, by default `ok`.
 *
 * @param otherwise makes the answer when no instance with the name exists, for example for a name that denotes another
 *   object. By default, the error is thrown
 */
export async function reportOnInstance(
  context: CommandContext,
  input: CommandInput,
  describe: (observation: InstanceObservation, api: KubernetesApi) => Answer | Promise<Answer>,
  otherwise: Otherwise = (missing) => Promise.reject(missing),
  forms: readonly string[] = [],
): Promise<number> {
  const print = reportPrinter(context, input, forms);
  await using connection = await connectToCluster(context, input);
  const { api, settings, seen } = observeArgument(context, input, connection);
  const answer = seen.then(
    (observation) => describe(observation, api),
    (error: unknown) => {
      if (error instanceof TypeKroError && error.code === 'cli/no-instance') return otherwise(error, api, settings);
      throw error;
    },
  );
  const { code = ExitCode.ok, ...report } = await answer;
  print(report);
  return code;
}
