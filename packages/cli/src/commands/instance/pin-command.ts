import { definitionRevisions, liveDefinition, liveRevision, PIN_ANNOTATION } from '@typekro/controller/controller';
import { refOf, TypeKroError } from '@typekro/kit/core';
import type { KubernetesApi } from '@typekro/kube';
import { type Command, type CommandInput, textOption, usageError } from '../../command.ts';
import { controllerSettings } from '@typekro/app/controllers';
import { levelOption } from '../../command-options.ts';
import { reportChange } from '../../instance/change-instance.ts';
import { annotate, CHANGE_OPTIONS } from '../../instance/change-report.ts';
import { type FoundInstance, argumentOf, findInstance } from '@typekro/app/instance';
import { refuseGraph } from '../../instance/instance-actions.ts';
import { INSTANCE_OPTIONS, INSTANCE_POSITIONAL } from '../../instance/report-on-instance.ts';

/** `typekro pin INSTANCE`: keeps an instance at one revision of its definition. */
export const pin: Command = {
  name: 'pin',
  description:
    "Sets the annotation typekro.dev/revision: the instance stays at this revision while other instances follow newer ones, until --remove. Only TypeKro's controller knows the annotation; kro's ignores it.",
  positionals: [INSTANCE_POSITIONAL],
  options: [
    {
      name: 'revision',
      summary: 'number of the revision; by default the one that the instance follows',
      value: 'number',
    },
    { name: 'remove', summary: 'let the instance follow the newest revision again' },
    ...CHANGE_OPTIONS,
    ...INSTANCE_OPTIONS,
  ],
  examples: [
    { command: 'typekro pin team-a/shop --revision 3', summary: 'it stays with revision 3' },
    { command: 'typekro pin team-a/shop --remove', summary: 'it follows the newest revision again' },
  ],
  run: (context, input) =>
    reportChange(context, input, async ({ api, text, namespace, ...options }) => {
      const found = await findInstance(api, text, namespace, options.signal, 'instance');
      const { instance } = found;
      refuseGraph(instance, 'has no revisions: it follows its own spec');
      const object = refOf(instance);
      const argument = argumentOf(instance);
      if (input.options['remove'] === true) {
        if (textOption(input, 'revision') !== undefined) {
          throw usageError('--remove and --revision exclude each other', 'leave one of them out');
        }
        const result = await annotate(api, instance, PIN_ANNOTATION, undefined, options);
        return {
          object,
          result,
          effect: 'it follows the newest revision',
          command: `typekro pin ${argument} --remove`,
          next: `typekro tree ${argument}`,
        };
      }
      const number = await chosenRevision(api, found, input, options.signal);
      const result = await annotate(api, instance, PIN_ANNOTATION, String(number), options);
      return {
        object,
        result,
        effect: `it stays with revision ${number}`,
        command: `typekro pin ${argument} --revision ${number}`,
        next: `typekro pin ${argument} --remove`,
      };
    }),
};

/**
 * Returns the revision in `--revision`. Without the option, returns the revision that the instance follows. Throws when
 * the definition is unknown or has no such revision.
 */
async function chosenRevision(
  api: KubernetesApi,
  { instance, definition, missing: reason }: FoundInstance,
  input: CommandInput,
  signal: AbortSignal,
): Promise<number> {
  const text = textOption(input, 'revision');
  const name = definition?.metadata.name;
  const all = name === undefined ? [] : await definitionRevisions(api, name, signal);
  const numbers = all.map(({ number }) => number);
  if (definition === undefined || numbers.length === 0) {
    throw new TypeKroError(reason ?? 'the definition of the instance has no revision', {
      code: 'instance/no-revision',
      remedy: 'typekro status shows what the controller reports; kro before 0.9 has no revisions',
    });
  }
  const settings = await controllerSettings(api, signal, levelOption(input));
  if (text === undefined) {
    const { graph, revision, missing = '' } = await liveDefinition(api, definition, instance, signal, settings);
    if (graph !== undefined) return revision;
    throw usageError(missing, `choose a revision with --revision: typekro revisions ${name} shows them`);
  }
  const { missing } = await liveRevision(api, definition.metadata.name ?? '', Number(text), all, signal, settings);
  if (missing === undefined) return Number(text);
  throw usageError(
    `an instance cannot follow revision ${text}: ${missing}`,
    `the revisions of ${name} are ${numbers.join(', ')} (typekro revisions ${name} shows them)`,
  );
}
