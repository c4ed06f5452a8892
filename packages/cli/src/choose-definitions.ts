import { TypeKroError, nearestName } from '@typekro/kit/core';
import { type CommandInput, type OptionSpec, textOption, usageError } from './command.ts';

/** The option that chooses one of several definitions. */
export const DEFINITION_OPTION: OptionSpec = {
  name: 'definition',
  summary: 'only the definition of this name',
  value: 'name',
};

/**
 * Returns the definitions with the name in `--definition`. Returns all definitions when the option is absent.
 *
 * @param graphObjects the Graphs of the files, for the error when there is no definition
 * @throws TypeKroError `input/empty` when `definitions` is empty, `cli/usage` when no definition has the name.
 */
export function chooseDefinitions<Named extends { readonly name: string }>(
  definitions: readonly Named[],
  input: CommandInput,
  graphObjects: readonly { readonly name: string }[] = [],
): readonly Named[] {
  const name = textOption(input, 'definition');
  const names = definitions.map((each) => each.name);
  if (definitions.length === 0) throw noDefinition(graphObjects);
  if (name === undefined) return definitions;
  const chosen = definitions.filter((each) => each.name === name);
  if (chosen.length > 0) return chosen;
  const near = nearestName(name, names);
  throw usageError(
    `there is no definition ${name} in these files`,
    near === undefined ? `known definitions: ${names.join(', ')}` : `did you mean ${near}?`,
  );
}

/**
 * Makes the error for files without a definition. If the files have Graphs, the message names them, because a user may
 * take a Graph for a definition.
 */
export function noDefinition(graphObjects: readonly { readonly name: string }[]): TypeKroError {
  const names = graphObjects.map(({ name }) => name);
  const [found, remedy] =
    names.length === 0
      ? ['', 'name files with a ResourceGraphDefinition or a composition']
      : [
          names.length === 1 ? `; ${names[0]} is a Graph` : `; ${names.join(', ')} are Graphs`,
          'typekro validate, lint, graph, rbac, render, plan, apply and up take a Graph; this command takes a ResourceGraphDefinition or a composition',
        ];
  return new TypeKroError(`there is no definition in these files${found}`, { code: 'input/empty', remedy });
}

/** Returns the only definition. Throws `cli/usage` with the options that choose one of several. */
export function onlyDefinition<Named extends { readonly name: string }>(
  found: readonly Named[],
  message: string,
  or = '',
): Named {
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const remedy = `choose one: ${found.map(({ name }) => `--definition ${name}`).join(', ')}${or}`;
  throw usageError(message, remedy);
}
