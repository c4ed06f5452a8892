import type { JsonObject } from '../../core/index.ts';
import { hasErrors, yamlLibrary } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { checkInputs } from '../up/check-inputs.ts';
import { knownCrds } from '../up/known-crds.ts';
import { printDiagnostics } from '../up/print-diagnostics.ts';
import { parseManifest } from '../up/read-manifest.ts';

/** The definition as problems name it. */
const MADE = 'the definition';

/** The YAML text of a definition, and its graph. */
export interface CheckedDefinition {
  readonly text: string;
  readonly graph: Graph;
}

/**
 * Checks a definition that no file holds, as `validate` does, with the CRDs that the options name, and prints the problems.
 * `undefined` when there are errors.
 */
export async function checkedDefinition(
  context: CommandContext,
  input: CommandInput,
  definition: JsonObject,
): Promise<CheckedDefinition | undefined> {
  const text = yamlLibrary().stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false });
  const manifest = parseManifest(text, MADE);
  const inputs = {
    objects: manifest.objects.map((entry) => ({ ...entry, file: MADE })),
    diagnostics: manifest.diagnostics,
    texts: new Map([[MADE, text]]),
  };
  const known = await knownCrds(context, input, inputs);
  const { graphs, diagnostics } = await checkInputs(inputs, { crds: known.crds });
  const found = [...known.diagnostics, ...diagnostics];
  printDiagnostics(context, found, new Map([...known.texts, ...inputs.texts]));
  const [graph] = graphs;
  return graph === undefined || hasErrors(found) ? undefined : { text, graph };
}
