import { type KubeClient, KubeError } from '@typekro/kube';
import { connectToCluster } from '../../cluster-client.ts';
import {
  type Command,
  type CommandContext,
  type CommandInput,
  ExitCode,
  textOption,
  usageError,
} from '../../command.ts';
import { CONNECTION_OPTIONS, INSTANCE_NODE_POSITIONAL, observeArgument } from '../../instance/report-on-instance.ts';
import { type LogSelection, type LogSource, logLines, logSources } from '@typekro/app/instance';

/** `typekro logs INSTANCE[/NODE]`: prints the logs of the containers that belong to an instance. */
export const logs: Command = {
  name: 'logs',
  description:
    'Prints the logs of all containers of the pods that the objects of an instance made, each line with its pod and container when there are several. A log that cannot be read is an error; the other logs are printed, and the exit code is 1.',
  positionals: [INSTANCE_NODE_POSITIONAL],
  options: [
    ...CONNECTION_OPTIONS,
    { name: 'follow', short: 'f', summary: 'continue with new lines until Ctrl-C' },
    { name: 'previous', summary: 'the log of the previous instance of the container' },
    { name: 'tail', summary: 'the number of lines at the end of each log', value: 'lines' },
    { name: 'container', short: 'c', summary: 'only containers of this name', value: 'name' },
  ],
  examples: [
    { command: 'typekro logs team-a/shop --tail 20', summary: 'the last lines of every container' },
    { command: 'typekro logs -f team-a/shop/deployment', summary: 'of one node, with new lines as they are written' },
    { command: 'typekro logs team-a/shop --previous', summary: 'what a container wrote before it crashed' },
  ],
  async run(context, input) {
    const selection = selectionOf(input);
    await using connection = await connectToCluster(context, input);
    const { api, seen } = observeArgument(context, input, connection);
    const sources = await logSources(api, await seen, textOption(input, 'container'), context.signal);
    return await printLogs(context, connection.client, sources, selection);
  },
};

function selectionOf(input: CommandInput): LogSelection {
  const tail = textOption(input, 'tail');
  if (tail !== undefined && !/^\d{1,9}$/.test(tail)) {
    throw usageError(`--tail ${tail} is not a number of lines`, 'write --tail 20');
  }
  const { follow, previous } = input.options;
  return {
    follow: follow === true,
    previous: previous === true,
    ...(tail === undefined ? {} : { tail: Number(tail) }),
  };
}

/** Prints one log after another. With `--follow`, prints the lines of all logs as they arrive. */
async function printLogs(
  context: CommandContext,
  client: KubeClient,
  sources: readonly LogSource[],
  selection: LogSelection,
): Promise<number> {
  const { signal } = context;
  const isOne = sources.length === 1;
  let failed = false;
  const printOne = async (source: LogSource) => {
    const name = `${source.pod}/${source.container}`;
    try {
      for await (const line of logLines(client, source, selection, signal)) {
        context.print(isOne ? line : `${name}  ${line}`);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof KubeError)) throw error;
      failed = true;
      context.printError(`error: the log of ${name} cannot be read: ${error.message}`);
    }
  };
  if (selection.follow) await Promise.all(sources.map(printOne));
  else for (const source of sources) await printOne(source);
  if (signal.aborted) return ExitCode.interrupted;
  return failed ? ExitCode.failed : ExitCode.ok;
}
