import { type KubeObject, TypeKroError } from '@typekro/kit/core';
import { type KubernetesApi, systemClock } from '@typekro/kube';
import { usesColour } from '../../plan/printed/paint.ts';
import type { Command } from '../../command.ts';
import { definitionWhyLines, explainDefinition, findDefinition, whyLines, whyOf } from '@typekro/app/instance';
import { DECIDING_OPTIONS, INSTANCE_NODE_POSITIONAL, reportOnInstance } from '../../instance/report-on-instance.ts';

/** The prefixes that mark an argument as the name of a definition. */
const DEFINITION_PREFIX = /^(?:rgd|definition|resourcegraphdefinitions?)\//i;

/**
 * Finds the definition of this name. Called when no instance has the name.
 *
 * @throws TypeKroError `missing`, the error about the instance, when no definition has the name either. For a name with
 *   a prefix, throws the error about the definition.
 */
async function definitionNamed(
  api: KubernetesApi,
  text: string,
  missing: TypeKroError,
  signal: AbortSignal,
): Promise<KubeObject> {
  const name = text.replace(DEFINITION_PREFIX, '');
  try {
    return await findDefinition(api, name, signal);
  } catch (error) {
    const isUnknown = error instanceof TypeKroError && error.code === 'cli/no-definition';
    throw isUnknown && name === text ? missing : error;
  }
}

/**
 * `typekro why INSTANCE[/NODE]`: explains what an instance waits for. `typekro why DEFINITION` explains why a
 * definition is refused.
 */
export const why: Command = {
  name: 'why',
  description:
    'Follows the reasons of an instance, or of one of its nodes, to the root causes: an object with its conditions and events, its pods and the last lines of their logs, a write that the API server refuses (found by a dry run), a finalizer, a definition that does not compile. Prints a remedy and the waiting nodes. With the name of a definition (rgd/NAME when an instance has the same name), explains why the definition is refused and which of its instances are not ACTIVE. Writes nothing. Works for instances of stock kro, too.',
  positionals: [INSTANCE_NODE_POSITIONAL],
  options: DECIDING_OPTIONS,
  examples: [
    { command: 'typekro why team-a/shop', summary: 'everything that keeps the instance from being ready' },
    { command: 'typekro why team-a/shop/ingress', summary: 'only what the node ingress waits for' },
    { command: 'typekro why webapps', summary: 'why a definition is refused, and which instances are not ACTIVE' },
    { command: 'typekro why webapp/shop -o json', summary: 'for another program' },
  ],
  run: (context, input) => {
    const now = () => systemClock.now();
    return reportOnInstance(
      context,
      input,
      async (observation, api) => {
        const data = await whyOf(observation, api, context.signal);
        return { data, lines: () => whyLines(observation, data, now(), usesColour(context)) };
      },
      async (missing, api, settings) => {
        const definition = await definitionNamed(api, input.positionals[0] ?? '', missing, context.signal);
        const data = await explainDefinition(api, definition, context.signal, await settings);
        return { data, lines: () => definitionWhyLines(data, now(), usesColour(context)) };
      },
    );
  },
};
