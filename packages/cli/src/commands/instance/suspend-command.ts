import { refOf } from '@typekro/kit/core';
import type { Command } from '../../command.ts';
import { reportChange } from '../../instance/change-instance.ts';
import { CHANGE_OPTIONS } from '../../instance/change-report.ts';
import { argumentOf, findInstance, suspensionEffect } from '@typekro/app/instance';
import { resumeInstance, suspendInstance } from '../../instance/instance-actions.ts';
import { INSTANCE_OPTIONS, INSTANCE_POSITIONAL } from '../../instance/report-on-instance.ts';

/**
 * `typekro suspend INSTANCE`: stops the controller's writes and deletions of an instance's objects until `typekro resume`.
 * The controller still writes the finalizer, the labels and the status of the instance.
 */
export const suspend: Command = {
  name: 'suspend',
  description:
    'Sets the annotation kro.run/reconcile: suspended, which kro and TypeKro know. The controller then creates, changes and restores no object of the instance, and deletes no retired object, until the instance is resumed. It still writes the finalizer, the labels and the status of the instance. A deletion of the instance continues.',
  positionals: [INSTANCE_POSITIONAL],
  options: [...CHANGE_OPTIONS, ...INSTANCE_OPTIONS],
  examples: [
    {
      command: 'typekro suspend team-a/shop',
      summary: "stop the controller's writes; `typekro diff` then shows what it would change",
    },
  ],
  run: (context, input) =>
    reportChange(context, input, async ({ api, text, namespace, ...options }) => {
      const { instance } = await findInstance(api, text, namespace, options.signal, 'instance');
      const result = await suspendInstance(api, instance, options);
      const effect = suspensionEffect(instance);
      const argument = argumentOf(instance);
      const command = `typekro suspend ${argument}`;
      return { object: refOf(instance), result, effect, command, next: `typekro resume ${argument}` };
    }),
};

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
