import { refOf } from '../../core/index.ts';
import { systemClock } from '../../kube/index.ts';
import { usesColour } from '../colour.ts';
import type { Command } from '../command.ts';
import { DECIDING_OPTIONS, INSTANCE_POSITIONAL, recordedState, reportOnInstance } from '../instance/observation.ts';
import type { TreeReport } from '../instance/tree-view.ts';
import { treeLines, treeNodes } from '../instance/tree-view.ts';

/** `typekro tree INSTANCE`: the nodes of an instance, their objects and states. */
export const tree: Command = {
  name: 'tree',
  description:
    'Reads an instance, its definition and its objects from a cluster and shows each node in the order of the graph: its objects, its state and the reason. It decides as the controller does, and writes nothing. It works for instances of stock kro, too.',
  positionals: [INSTANCE_POSITIONAL],
  options: DECIDING_OPTIONS,
  examples: [
    { command: 'typekro tree team-a/shop', summary: 'the instance shop in namespace team-a' },
    { command: 'typekro tree webapp/shop -o json', summary: 'of the kind WebApp, for another program' },
  ],
  run: (context, input) =>
    reportOnInstance(context, input, (observation) => {
      const { instance, revision } = observation;
      const data: TreeReport = {
        schemaVersion: 1,
        instance: refOf(instance),
        state: recordedState(instance).state,
        revision,
        nodes: treeNodes(observation),
      };
      return { data, lines: () => treeLines(observation, systemClock.now(), usesColour(context)) };
    }),
};
