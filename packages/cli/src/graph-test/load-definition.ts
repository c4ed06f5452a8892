import { dirname, relative, resolve } from 'node:path';
import type { Diagnostic, KubeObject } from '@typekro/kit/core';
import { type Graph, controllerCrds, isDefinition, Kinds } from '@typekro/engine/graph';
import { type SchemaSource, builtinSource, combineSources, crdSource } from '@typekro/engine/schema';
import type { GraphTestFile } from '@typekro/testing';
import type { CommandContext } from '../command.ts';
import { checkNamedFiles } from '../checks/checked.ts';
import { withPlaceOfKinds } from '../checks/without-consequences.ts';
import { definitionFileOf } from './find-test-files.ts';

/** The compiled definition of a test file, and the definitions and CRDs of the test's cluster. */
export interface LoadedDefinition {
  /**
   * Absent when `diagnostics` has an error. Also absent, with empty `diagnostics`, when the definition does not compile
   * and the test expects all of its errors.
   */
  readonly graph?: Graph | undefined;
  readonly definitions: readonly KubeObject[];
  readonly crds: readonly KubeObject[];
  readonly sources: SchemaSource;
  /** The codes of all problems of the definition, expected ones included. */
  readonly codes: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  readonly texts: ReadonlyMap<string, string>;
}

/**
 * Loads and checks the definition of a test file.
 *
 * @throws TypeKroError with the codes of `loadInputs` and `knownCrds`.
 */
export async function loadDefinition(
  context: CommandContext,
  path: string,
  { definition, name, crds, diagnostics: expected, document }: GraphTestFile,
): Promise<LoadedDefinition> {
  const definitionFile = definitionFileOf(path, definition);
  const shown = (each: string) => relative(context.cwd, each) || '.';
  const paths = crds.map((each) => shown(resolve(dirname(path), each))).join(',');
  const input = { positionals: [], options: { crds: paths } };
  const checked = await checkNamedFiles(context, input, [shown(definitionFile)]);
  const found = withPlaceOfKinds(
    checked.diagnostics,
    'name the file of its CustomResourceDefinition in crds of the test',
  );
  const { graphs, inputs, known, texts } = checked;
  const served = [...inputs.objects.map(({ object }) => object).filter(Kinds.isCrd), ...known.crds];
  const made = graphs.map(({ instance }) => instance.crd);
  const sources = combineSources(builtinSource(), crdSource([...served, ...controllerCrds(), ...made]));
  const base = {
    definitions: inputs.objects.map(({ object }) => object).filter(isDefinition),
    crds: served,
    sources,
    texts,
  };
  const unexpected = found.filter(({ severity, code }) => severity === 'error' && expected?.includes(code) !== true);
  const codes = found.map(({ code }) => code);
  if (unexpected.length > 0) return { ...base, codes, diagnostics: unexpected };
  const graph = chooseGraph(graphs, name);
  if (graph !== undefined || graphs.length === 0) return { ...base, codes, graph, diagnostics: [] };
  const names = graphs.map((each) => each.name).join(', ');
  const message =
    name === undefined
      ? `${shown(definitionFile)} has several definitions: ${names}`
      : `${shown(definitionFile)} has no definition "${name}"`;
  const source = name === undefined ? document.position([]) : document.position(['name']);
  const hint = `write "name:" with one of ${names}`;
  return {
    ...base,
    codes,
    diagnostics: [{ code: 'testing/which-definition', severity: 'error', message, hint, source } satisfies Diagnostic],
  };
}

function chooseGraph(graphs: readonly Graph[], name: string | undefined): Graph | undefined {
  if (name !== undefined) return graphs.find((each) => each.name === name);
  return graphs.length === 1 ? graphs[0] : undefined;
}
