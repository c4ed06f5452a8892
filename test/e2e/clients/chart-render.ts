import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { type KubeObject, parseApiVersion } from '@typekro/kit/core';
import { type SchemaSource, builtinSource, combineSources, StructuralSchema } from '@typekro/engine/schema';
import { findClient } from '../../support/clients.ts';
import { RunningCommand } from '../../support/command.ts';

/** The path of helm. Empty when helm is not installed, so that the tests are skipped. */
export const helmProgram = findClient('helm') ?? '';

/** The folder of the chart. */
export const chart = fileURLToPath(new URL('../../../charts/typekro', import.meta.url));

/**
 * Renders the objects of the chart for the namespace `kro-system`. `sets` are values in the form of helm's `--set`.
 *
 * @throws Error with helm's message when the chart refuses the values.
 */
export async function renderChart(...sets: readonly string[]): Promise<KubeObject[]> {
  const args = ['template', 'typekro', chart, '-n', 'kro-system', '--include-crds', ...valueFlags(sets)];
  const { code, stdout, stderr } = await new RunningCommand(helmProgram, args, { cwd: '/' }).ended;
  if (code !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);
}

/** Runs `helm lint --strict`, which also fails for warnings. Returns its output. */
export async function lintChart(folder: string, ...sets: readonly string[]): Promise<string> {
  const args = ['lint', folder, '--strict', ...valueFlags(sets)];
  const { code, stdout, stderr } = await new RunningCommand(helmProgram, args, { cwd: '/' }).ended;
  if (code !== 0) throw new Error(stdout + stderr);
  return stdout;
}

/** The helm flags for values in the form of `--set`. Quoted strings, numbers and empty lists keep their types. */
function valueFlags(sets: readonly string[]): string[] {
  return sets.flatMap((set) => [/=("[^"]*"|[\d.]+|\[\])$/.test(set) ? '--set-json' : '--set', set]);
}

/**
 * All violations of the kind's schema that an API server would report. `further` contains the schemas of kinds of other
 * projects.
 */
export function schemaProblems(object: KubeObject, further?: SchemaSource): string[] {
  const kinds = further === undefined ? builtinSource() : combineSources(builtinSource(), further);
  const schema = kinds.schemaOf({ ...parseApiVersion(object.apiVersion), kind: object.kind });
  if (schema === undefined) return [`there is no kind ${object.apiVersion} ${object.kind}`];
  const value = structuredClone(object) as never;
  return [
    ...StructuralSchema.validate(schema, value).map((error) => `${error.field}: ${error.message}`),
    ...StructuralSchema.prune(schema, value).unknown.map((path) => `unknown field ${path}`),
  ];
}
