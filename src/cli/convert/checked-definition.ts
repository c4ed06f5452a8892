import type { Diagnostic, JsonObject } from '../../core/index.ts';
import { hasErrors } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { checkInputs } from '../up/check-inputs.ts';
import { knownCrds } from '../up/known-crds.ts';
import { printDiagnostics } from '../up/print-diagnostics.ts';
import { parseManifest } from '../up/read-manifest.ts';
import type { OriginalObject } from './origins.ts';
import { yamlOf } from '../yaml-text.ts';

/** The name of a definition that is in no file. */
const MADE = 'the definition';

/** The YAML text of a definition, and its graph. */
export interface CheckedDefinition {
  readonly text: string;
  readonly graph: Graph;
}

/** Where a definition comes from. */
export interface DefinitionOrigin {
  /** The definition in the user's file. Absent for a generated definition. */
  readonly written?: OriginalObject | undefined;
  /** Gives a problem of a generated definition its place in the user's files. */
  readonly place?: (problem: Diagnostic) => Diagnostic;
  /** The text of each file by name, for excerpts. */
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * Checks a definition by the rules of `validate` and with the CRDs that the options name. Prints the problems with
 * their places in the user's files. Returns `undefined` when one of them is an error.
 */
export async function checkedDefinition(
  context: CommandContext,
  input: CommandInput,
  definition: JsonObject,
  { written, place = (problem) => problem, texts }: DefinitionOrigin,
): Promise<CheckedDefinition | undefined> {
  const text = yamlOf(definition);
  const manifest = parseManifest(text, MADE);
  const inputs = {
    objects: written === undefined ? manifest.objects.map((entry) => ({ ...entry, file: MADE })) : [written],
    diagnostics: written === undefined ? manifest.diagnostics : [],
    texts,
  };
  const known = await knownCrds(context, input, inputs);
  const { graphs, diagnostics } = await checkInputs(inputs, { crds: known.crds });
  const found = [...known.diagnostics, ...diagnostics.map(place)];
  printDiagnostics(context, found, new Map([...known.texts, ...texts]));
  const [graph] = graphs;
  return graph === undefined || hasErrors(found) ? undefined : { text, graph };
}
