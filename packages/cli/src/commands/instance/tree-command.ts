import { TypeKroError } from '@typekro/kit/core';
import type { TreeReport } from '@typekro/controller/inspect';
import { readSession, systemClock } from '@typekro/kube';
import { connectToCluster } from '../../cluster-client.ts';
import { controllerSettings } from '../../controller-settings.ts';
import { usesColour } from '../../plan/printed/paint.ts';
import { type Command, type CommandContext, type CommandInput, ExitCode, textOption } from '../../command.ts';
import { reportHead } from '../../instance/instance-head.ts';
import { INSTANCE_PICTURES, picturesOf } from '../../instance/instance-picture.ts';
import type { Answer, InstanceObservation } from '../../instance/observation.ts';
import { observe } from '../../instance/observation.ts';
import { DECIDING_OPTIONS, INSTANCE_POSITIONAL, reportOnInstance } from '../../instance/report-on-instance.ts';
import { withOwnedObjects } from '../../dashboard/owned-objects.ts';
import { withFindings } from '../../instance/evidence.ts';
import { watchReport } from '../../instance/watch-report.ts';
import { treeLines, treeNodes } from '../../instance/tree-view.ts';
import { outputOption, levelOption } from '../../command-options.ts';

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
      ...INSTANCE_PICTURES,
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
          INSTANCE_PICTURES,
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
    forms: picturesOf(observation),
  };
}

/** Prints the tree after each change, until Ctrl-C or the deletion of the instance. */
async function watchTree(context: CommandContext, input: CommandInput): Promise<number> {
  const form = textOption(input, 'output') ?? 'text';
  if (form !== 'text') {
    throw new TypeKroError(`--watch prints lines, not ${form}`, { code: 'cli/usage', remedy: 'leave -o out' });
  }
  await using connection = await connectToCluster(context, input);
  const { client, namespace: own } = connection;
  const { signal } = context;
  const namespace = textOption(input, 'namespace') ?? own;
  const [text = ''] = input.positionals;
  let isKnown = false;
  await watchReport(context, client, async () => {
    try {
      const api = readSession(client);
      const settings = controllerSettings(api, signal, levelOption(input));
      const observed = await observe(api, text, namespace, signal, { settings });
      const observation = await completed(api, observed, signal);
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
