import { refOf } from '@typekro/kit/core';
import type { Command } from '../../command.ts';
import { reportChange } from '../../instance/change-instance.ts';
import { CHANGE_OPTIONS } from '../../instance/change-report.ts';
import { findInstance } from '../../instance/find-instance.ts';
import { argumentOf } from '../../instance/instance-name.ts';
import { resumeInstance } from '../../instance/instance-actions.ts';
import { INSTANCE_OPTIONS, INSTANCE_POSITIONAL } from '../../instance/observation.ts';

/** `typekro resume INSTANCE`: ends `typekro suspend`. */
export const resume: Command = {
  name: 'resume',
  description:
    'Removes the annotation kro.run/reconcile, which kro and TypeKro know. The controller then writes all objects as the graph wants them, and reverts changes that were made meanwhile.',
  positionals: [INSTANCE_POSITIONAL],
  options: [...CHANGE_OPTIONS, ...INSTANCE_OPTIONS],
  examples: [
    { command: 'typekro resume team-a/shop', summary: 'run typekro diff first to see which changes will be reverted' },
  ],
  run: (context, input) =>
    reportChange(context, input, async ({ api, text, namespace, ...options }) => {
      const { instance } = await findInstance(api, text, namespace, options.signal, 'instance');
      const result = await resumeInstance(api, instance, options);
      const effect = 'it is not suspended: the controller keeps all objects as the graph wants them';
      const argument = argumentOf(instance);
      const command = `typekro resume ${argument}`;
      return { object: refOf(instance), result, effect, command, next: `typekro wait ${argument}` };
    }),
};
