import { resolve } from 'node:path';
import { refuseMissingFile } from '../inputs/check-file.ts';
import { readTextFile } from '../inputs/read-manifest.ts';
import { type Diagnostic, type KubeObject, hasErrors, isJsonObject, parseApiVersion } from '@typekro/kit/core';
import type { InputObject, PlannedFiles, ClusterBasics } from '@typekro/app/plan';
import { GraphObject, isDefinition, Kinds } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { type ControllerSettings, declaredKind } from '@typekro/controller/controller';
import { textAt } from '@typekro/kit/kubernetes';
import type { CommandContext, CommandInput } from '../command.ts';
import { checkInputs } from '../checks/check-inputs.ts';
import { knownCrds, shippedNote } from '../checks/known-crds.ts';
import { lateFailures } from '../inputs/late-failures.ts';
import { loadInputs } from '../inputs/load-inputs.ts';
import { placedInCalls } from '../inputs/place-in-call.ts';
import { printDiagnostics } from '../checks/print-diagnostics.ts';
import { IN_CLUSTER, withPlaceOfKinds } from '../checks/without-consequences.ts';

/** The loaded files of a command, before they are checked against a cluster. */
export type LoadedFiles = Awaited<ReturnType<typeof loadInputs>> & {
  /** CRDs that are neither in the files nor in the cluster. */
  readonly crds?: readonly KubeObject[];
};

/** Findings that are dropped here, because the plan reports them together with the affected instances. */
const REPORTED_BY_PLAN: ReadonlySet<string> = new Set(['input/breaking-change']);

/** Reads the files of a command. */
export function loadFiles(context: CommandContext, files: readonly string[]): Promise<LoadedFiles> {
  return loadInputs(files, context.cwd, (text) => context.printError(text), undefined, context.loadModule);
}

/**
 * Reads a file that a command names. Throws `TypeKroError` `input/not-found` when the file does not exist, and
 * `input/unreadable` when it cannot be read.
 */
export async function readText({ cwd }: Pick<CommandContext, 'cwd'>, file: string): Promise<string> {
  const path = resolve(cwd, file);
  refuseMissingFile(path, file);
  return readTextFile(path, file);
}

/** The findings about files. */
export interface CheckedFiles {
  /** Absent when one of the problems is an error. */
  readonly files?: PlannedFiles;
  readonly diagnostics: readonly Diagnostic[];
  /** The text of each file by name, for excerpts. */
  readonly texts: ReadonlyMap<string, string>;
  /** A note that names the API groups whose kinds are checked against this package's CRDs. */
  readonly note?: string;
}

/**
 * Checks files against the kinds of a cluster, by the rules of `validate`.
 *
 * @param crds the CRDs of the cluster, and `definitions` its definitions
 * @param isCluster true when `crds` has all CRDs of the cluster. The CRDs of this package then make no kind known
 */
export async function checkFiles(
  context: CommandContext,
  input: CommandInput,
  inputs: LoadedFiles,
  { crds, definitions }: Pick<ClusterBasics, 'crds' | 'definitions'>,
  settings: ControllerSettings,
  isCluster: boolean,
): Promise<CheckedFiles> {
  const used = groupsOf(inputs.objects);
  const live = crds.filter(({ spec }) => used.has(textAt(spec, 'group')));
  const { kubeconfig: _kubeconfig, context: _context, ...others } = input.options;
  const known = await knownCrds(
    context,
    { ...input, options: others },
    { ...inputs, objects: unknownTo(inputs.objects, live) },
    { isCluster },
  );
  const named = [...known.crds, ...(inputs.crds ?? [])];
  const options = { crds: [...live, ...named], definitions, uncheckedCrds: known.usedOfFiles, settings };
  const checked = await checkInputs(inputs, options);
  const late = await lateFailures((text) => context.printError(text), context.errorColumns);
  const texts = new Map([...known.texts, ...inputs.texts]);
  const found = [...known.diagnostics, ...checked.diagnostics, ...late].filter(
    ({ code }) => !REPORTED_BY_PLAN.has(code),
  );
  const placed = placedInCalls(found, texts, context.cwd);
  const diagnostics = isCluster ? withPlaceOfKinds(placed, IN_CLUSTER) : placed;
  const note = shippedNote(known);
  const findings = { diagnostics, texts, ...(note === undefined ? {} : { note }) };
  if (hasErrors(diagnostics)) return findings;
  const declared = [...inputs.objects.map(({ object }) => object).filter(Kinds.isCrd), ...named];
  return { ...findings, files: { objects: inputs.objects, graphs: checked.graphs, crds: declared, named } };
}

/** Prints the findings about files. Returns the files, or `undefined` when they have errors. */
export function printFindings(
  context: CommandContext,
  { files, diagnostics, texts, note }: CheckedFiles,
): PlannedFiles | undefined {
  printDiagnostics(context, diagnostics, texts);
  if (note !== undefined) context.printError(note);
  return files;
}

/** Returns the API groups of all kinds that the objects use or declare. */
function groupsOf(inputs: readonly InputObject[]): Set<string> {
  return new Set(
    inputs.flatMap(({ object }) => {
      const own = parseApiVersion(object.apiVersion).group;
      const used = Kinds.used(object.spec).map(({ group }) => group);
      if (GraphObject.is(object)) return [own, ...used];
      if (!isDefinition(object) || !isJsonObject(object.spec)) return [own];
      return [declaredKind(object.spec).group, ...used];
    }),
  );
}

/**
 * Returns the objects of kinds that the cluster does not define, and the definitions and Graphs that use such kinds.
 * The CRDs of this package may define these kinds.
 */
function unknownTo(inputs: readonly InputObject[], crds: readonly KubeObject[]): readonly InputObject[] {
  const kinds = new Set(crds.map(({ spec }) => `${textAt(spec, 'group')}/${textAt(spec, 'names', 'kind')}`));
  const isKnown = (group: string, kind: string) => kinds.has(`${group}/${kind}`);
  return inputs.filter(({ object }) => {
    if (isDefinition(object) || GraphObject.is(object)) return !Kinds.used(object.spec).every(known);
    const { group, version } = parseApiVersion(object.apiVersion);
    return !known({ group, version, kind: object.kind });
  });

  function known(type: { readonly group: string; readonly version: string; readonly kind: string }): boolean {
    return builtinSource().resourceOf(type) !== undefined || isKnown(type.group, type.kind);
  }
}
