import type { JsonObject } from '../../core/index.ts';
import { hasErrors } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { checkInputs } from '../up/check-inputs.ts';
import { knownCrds } from '../up/known-crds.ts';
import { printDiagnostics } from '../up/print-diagnostics.ts';
import { parseManifest } from '../up/read-manifest.ts';
import { yamlOf } from '../yaml-text.ts';

/** The name of the definition in messages, in place of a file name. */
const MADE = 'the definition';

/** The YAML text of a definition, and its graph. */
export interface CheckedDefinition {
  readonly text: string;
  readonly graph: Graph;
}

/**
 * Checks a definition that is not in a file, by the rules of `validate` and with the CRDs that the options name. Prints
 * the problems. Returns `undefined` when one of them is an error.
 */
export async function checkedDefinition(
  context: CommandContext,
  input: CommandInput,
  definition: JsonObject,
): Promise<CheckedDefinition | undefined> {
  const text = yamlOf(definition);
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
