import { systemClock } from '../../kube/index.ts';
import { usesColour } from '../colour.ts';
import type { Command } from '../command.ts';
import { INSTANCE_NODE_POSITIONAL, INSTANCE_OPTIONS, reportOnInstance } from '../instance/observation.ts';
import { whyOf } from '../instance/why-of.ts';
import { whyLines } from '../instance/why-view.ts';

/** `typekro why INSTANCE[/NODE]`: what everything waits for. */
export const why: Command = {
  name: 'why',
  description:
    'Follows the reasons of an instance, or of one of its nodes, down to what nothing in the graph can get on: an object, its conditions and events, the pods behind it and the last lines of their logs, a write that the API server refuses (found by a dry run), a finalizer, a definition that does not compile. Tells what to do about it and which nodes wait. Writes nothing. It works for instances of stock kro, too.',
  positionals: [INSTANCE_NODE_POSITIONAL],
  options: INSTANCE_OPTIONS,
  examples: [
    { command: 'typekro why team-a/shop', summary: 'everything that keeps the instance from being ready' },
    { command: 'typekro why team-a/shop/ingress', summary: 'only what the node ingress waits for' },
    { command: 'typekro why webapp/shop -o json', summary: 'for another program' },
  ],
  run: (context, input) =>
    reportOnInstance(context, input, async (observation, api) => {
      const data = await whyOf(observation, api, context.signal);
      return { data, lines: () => whyLines(observation, data, systemClock.now(), usesColour(context)) };
    }),
};
