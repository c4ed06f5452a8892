import { hasErrors } from '@typekro/kit/core';
import { type CommandContext, type CommandInput, namesCluster } from '../command.ts';
import { type CheckedInputs, checkInputs } from './check-inputs.ts';
import { type KnownCrds, knownCrds, shippedNote } from './known-crds.ts';
import { lateFailures } from '../inputs/late-failures.ts';
import { type LoadedInputs, loadInputs } from '../inputs/load-inputs.ts';
import { placedInCalls } from '../inputs/place-in-call.ts';
import { printDiagnostics } from './print-diagnostics.ts';
import { withPlaceOfKinds } from './without-consequences.ts';

/** The checked files of a command. */
export interface CheckedFiles extends CheckedInputs {
  readonly inputs: LoadedInputs;
  readonly known: KnownCrds;
  /** True when one of the problems is an error. */
  readonly failed: boolean;
  /** Maps the name of a file to its text, for excerpts. */
  readonly texts: ReadonlyMap<string, string>;
}

/** Adds objects to those of the files, before they are checked. */
export type ExtendInputs = (inputs: LoadedInputs) => LoadedInputs | Promise<LoadedInputs>;

/**
 * Reads and checks the files that a command names, with its options `--crds`, `--kubeconfig`, `--context` and
 * `--strict`, and prints all problems.
 *
 * @throws TypeKroError with the codes of `loadInputs` and `knownCrds`.
 */
export async function readChecked(
  context: CommandContext,
  input: CommandInput,
  files: readonly string[] = input.positionals,
  extend?: ExtendInputs,
): Promise<CheckedFiles> {
  const checked = await checkNamedFiles(context, input, files, extend);
  printDiagnostics(context, checked.diagnostics, checked.texts);
  const shipped = takesCrds(input) ? shippedNote(checked.known) : undefined;
  if (shipped !== undefined) context.printError(shipped);
  return checked;
}

const takesCrds = ({ options }: CommandInput): boolean => Object.hasOwn(options, 'crds');

/** The hint for an unknown kind of a command without the option `--crds`. */
const IN_FILES = 'put its CustomResourceDefinition or ResourceGraphDefinition into one of the files';

/**
 * Like `readChecked`, but the caller must print the problems and the note about this package's CRDs. Prints the notes
 * of modules, and the errors that modules throw later.
 *
 * @throws TypeKroError with the codes of `loadInputs` and `knownCrds`.
 */
export async function checkNamedFiles(
  context: CommandContext,
  input: CommandInput,
  files: readonly string[],
  extend: ExtendInputs = (inputs) => inputs,
): Promise<CheckedFiles> {
  const note = (text: string): void => context.printError(text);
  const inputs = await extend(
    await loadInputs(files, context.cwd, note, () => context.readInput(), context.loadModule),
  );
  const known = await knownCrds(context, input, inputs);
  const options = { strict: input.options['strict'] === true, crds: known.crds, uncheckedCrds: known.usedOfFiles };
  const {
    graphs,
    graphObjects,
    diagnostics: found,
  } = namesCluster(input)
    ? await (
        await import('./named-cluster.ts')
      ).onCluster(context, input, (cluster) => checkInputs(inputs, { ...options, ...cluster }))
    : await checkInputs(inputs, options);
  const late = await lateFailures(note, context.errorColumns);
  const texts = new Map([...known.texts, ...inputs.texts]);
  const placed = placedInCalls([...known.diagnostics, ...found, ...late], texts, context.cwd);
  const diagnostics = takesCrds(input) ? placed : withPlaceOfKinds(placed, IN_FILES);
  return { graphs, graphObjects, diagnostics, inputs, known, texts, failed: hasErrors(diagnostics) };
}
