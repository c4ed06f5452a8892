import { type Diagnostic, type JsonObject, hasErrors } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import type { CommandContext, CommandInput } from '../command.ts';
import { checkInputs } from '../checks/check-inputs.ts';
import { knownCrds } from '../checks/known-crds.ts';
import type { LoadedInputs } from '../inputs/load-inputs.ts';
import { printDiagnostics } from '../checks/print-diagnostics.ts';
import { parseManifest } from '../inputs/read-manifest.ts';
import type { OriginalObject } from './origins.ts';
import { yamlOf } from '@typekro/app/text';

/** The name in problems for a generated definition, which is not in a file. */
const MADE = 'the definition';

/** A definition as YAML, and its graph. */
export interface CheckedDefinition {
  readonly text: string;
  readonly graph: Graph;
}

/** The source of a generated definition. */
export interface DefinitionOrigin {
  /** Converts the location of a problem from the generated definition to the user's files. */
  readonly place: (problem: Diagnostic) => Diagnostic;
  /** The content of each file, keyed by file name. Problems quote excerpts of it. */
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * Checks a generated definition by the rules of `validate` and with the CRDs that the options name. Prints the problems
 * with their locations in the user's files. Returns `undefined` when one of them is an error.
 */
export async function checkedDefinition(
  context: CommandContext,
  input: CommandInput,
  definition: JsonObject,
  { place, texts }: DefinitionOrigin,
): Promise<CheckedDefinition | undefined> {
  const text = yamlOf(definition);
  const { objects, diagnostics } = parseManifest(text, MADE);
  const made = { objects: objects.map((entry) => ({ ...entry, file: MADE })), diagnostics, texts };
  const [graph] = (await checkedGraphs(context, input, made, place)) ?? [];
  return graph === undefined ? undefined : { text, graph };
}

/**
 * Checks the definitions in files together, because a definition can use the kinds of other definitions and of CRDs in
 * these files. Otherwise works like `checkedDefinition`.
 *
 * @param written the definitions and CRDs of the files
 */
export function checkedOriginals(
  context: CommandContext,
  input: CommandInput,
  written: readonly OriginalObject[],
  texts: ReadonlyMap<string, string>,
): Promise<readonly Graph[] | undefined> {
  return checkedGraphs(context, input, { objects: written, diagnostics: [], texts }, (problem) => problem);
}

async function checkedGraphs(
  context: CommandContext,
  input: CommandInput,
  inputs: LoadedInputs,
  place: (problem: Diagnostic) => Diagnostic,
): Promise<readonly Graph[] | undefined> {
  const known = await knownCrds(context, input, inputs);
  const { graphs, diagnostics } = await checkInputs(inputs, { crds: known.crds, uncheckedCrds: known.usedOfFiles });
  const found = [...known.diagnostics, ...diagnostics.map(place)];
  printDiagnostics(context, found, new Map([...known.texts, ...inputs.texts]));
  return hasErrors(found) ? undefined : graphs;
}
