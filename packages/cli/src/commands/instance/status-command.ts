import { systemClock } from '@typekro/kube';
import { usesColour } from '../../plan/printed/paint.ts';
import type { Command } from '../../command.ts';
import { DECIDING_OPTIONS, INSTANCE_POSITIONAL, reportOnInstance } from '../../instance/report-on-instance.ts';
import { statusLines, statusView, withFindings } from '@typekro/app/instance';

/** `typekro status INSTANCE`: prints conditions, status fields, and the nodes that are not ready. */
export const status: Command = {
  name: 'status',
  description:
    'Prints the status that the controller wrote last, with the fields that the definition sets, and the nodes that are not ready. Writes nothing. `typekro why` explains what the nodes wait for, and `typekro wait` waits.',
  positionals: [INSTANCE_POSITIONAL],
  options: DECIDING_OPTIONS,
  examples: [
    { command: 'typekro status team-a/shop', summary: 'the instance shop in namespace team-a' },
    { command: 'typekro status webapp/shop -o json', summary: 'for another program' },
  ],
  run: (context, input) =>
    reportOnInstance(context, input, async (observed, api) => {
      const observation = await withFindings(api, observed, context.signal);
      const data = statusView(observation);
      return { data, lines: () => statusLines(observation, data, systemClock.now(), usesColour(context)) };
    }),
};
