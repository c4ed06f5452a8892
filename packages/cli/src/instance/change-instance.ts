import { type KubernetesApi, readSession } from '@typekro/kube';
import { connectToCluster } from '../cluster-client.ts';
import { type CommandContext, type CommandInput, ExitCode, textOption } from '../command.ts';
import { type ChangeData, changeReport } from './change-report.ts';
import { reportPrinter } from './print-report.ts';

/** The inputs of a command that makes one change. */
export interface ChangeContext {
  readonly api: KubernetesApi;
  /** The first argument of the command: the object to change. */
  readonly text: string;
  /** The default namespace, for a name without a namespace. */
  readonly namespace: string;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
}

/** A change, and the command that makes it. The report of a dry run names this command as the next step. */
export type Change = Omit<ChangeData, 'schemaVersion' | 'dryRun'> & { readonly command: string };

/** Connects to the cluster, makes one change, and prints the result for the object. */
export async function reportChange(
  context: CommandContext,
  input: CommandInput,
  change: (changeContext: ChangeContext) => Promise<Change>,
): Promise<number> {
  const print = reportPrinter(context, input);
  const dryRun = input.options['dry-run'] === true;
  await using connection = await connectToCluster(context, input);
  const { client, namespace: own } = connection;
  const { command, ...done } = await change({
    api: readSession(client),
    text: input.positionals[0] ?? '',
    namespace: textOption(input, 'namespace') ?? own,
    dryRun,
    signal: context.signal,
  });
  const isDue = dryRun && done.result !== 'unchanged';
  print(changeReport({ ...done, dryRun, ...(isDue ? { next: command } : {}) }));
  return ExitCode.ok;
}
