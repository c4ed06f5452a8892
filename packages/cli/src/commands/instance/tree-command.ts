import { TypeKroError } from '@typekro/kit/core';
import type { TreeReport } from '@typekro/controller/inspect';
import { systemClock } from '@typekro/kube';
import { connectToCluster } from '../../cluster-client.ts';
import { usesColour } from '../../plan/printed/paint.ts';
import {
  type Command,
  type CommandContext,
  type CommandInput,
  ExitCode,
  textOption,
  usageError,
} from '../../command.ts';
import {
  type Answer,
  type InstanceObservation,
  PICTURE_FORMATS,
  graphOf,
  instanceStatus,
  picturesOf,
  reportHead,
  treeLines,
  treeNodes,
  withFindings,
} from '@typekro/app/instance';
import {
  DECIDING_OPTIONS,
  INSTANCE_POSITIONAL,
  observeArgument,
  reportOnInstance,
} from '../../instance/report-on-instance.ts';
import { withOwnedObjects } from '../../dashboard/owned-objects.ts';
import { watchReport } from '../../instance/watch-report.ts';
import { outputOption } from '../../command-options.ts';

/** `typekro tree INSTANCE`: prints the nodes of an instance with their objects and states. */
export const tree: Command = {
  name: 'tree',
  description:
    'Reads an instance, its definition and its objects from a cluster and shows each node in the order of the graph: its objects with what they own, its state and the reason. The states follow the rules of the controller. Writes nothing. Works for instances of stock kro, too.',
  positionals: [INSTANCE_POSITIONAL],
  options: [
    { name: 'watch', short: 'w', summary: 'show it again as it changes, until Ctrl-C or until the instance is gone' },
    ...DECIDING_OPTIONS.filter(({ name }) => name !== 'output'),
    outputOption('text, json, yaml, mermaid, dot or svg; pictures show the graph with the states of its nodes', [
      'text',
      'json',
      'yaml',
      ...PICTURE_FORMATS,
    ]),
  ],
  examples: [
    { command: 'typekro tree team-a/shop', summary: 'the instance shop in namespace team-a' },
    { command: 'typekro tree webapp/shop -o json', summary: 'of the kind WebApp, for another program' },
    { command: 'typekro tree team-a/shop --watch', summary: 'as it changes' },
    { command: 'typekro tree team-a/shop -o svg > shop.svg', summary: 'a picture of its graph and states' },
  ],
  run: (context, input) =>
    input.options['watch'] === true
      ? watchTree(context, input)
      : reportOnInstance(
          context,
          input,
          async (observation, api) => treeAnswer(context, await completed(api, observation, context.signal)),
          undefined,
          PICTURE_FORMATS,
        ),
};

/** Adds refused writes and owned objects to an observation. */
const completed: typeof withFindings = async (api, observation, signal) =>
  withOwnedObjects(api, await withFindings(api, observation, signal), signal);

function treeAnswer(context: CommandContext, observation: InstanceObservation): Answer {
  const { revision } = observation;
  const data: TreeReport = { ...reportHead(observation), revision, nodes: treeNodes(observation) };
  return {
    data,
    lines: () => treeLines(observation, systemClock.now(), usesColour(context)),
    forms: picturesOf(() => graphOf(observation), instanceStatus(observation)),
  };
}

/** Prints the tree after each change, until Ctrl-C or the deletion of the instance. */
async function watchTree(context: CommandContext, input: CommandInput): Promise<number> {
  const form = textOption(input, 'output') ?? 'text';
  if (form !== 'text') {
    throw usageError(`--watch prints lines, not ${form}`, 'leave -o out');
  }
  await using connection = await connectToCluster(context, input);
  const { signal } = context;
  let isKnown = false;
  await watchReport(context, connection.client, async () => {
    try {
      const { api, seen } = observeArgument(context, input, connection);
      const observation = await completed(api, await seen, signal);
      isKnown = true;
      const { instance } = observation;
      return { instance, lines: treeLines(observation, systemClock.now(), usesColour(context)) };
    } catch (error) {
      if (signal.aborted) return undefined;
      if (isKnown && error instanceof TypeKroError && error.code === 'cli/no-instance') return undefined;
      throw error;
    }
  });
  if (signal.aborted) return ExitCode.interrupted;
  context.print('the instance is gone');
  return ExitCode.ok;
}
