import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../../src/core/index.ts';
import { parseApiVersion } from '../../../src/core/index.ts';
import { builtinSource, prune, validateValue } from '../../../src/schema/index.ts';
import { findClient } from '../../support/clients.ts';
import { RunningCommand } from '../../support/command.ts';

/** The path of helm. Empty when helm is missing; the tests are then skipped. */
export const helmProgram = findClient('helm') ?? '';

/** The folder of the chart. */
export const chart = fileURLToPath(new URL('../../../charts/typekro', import.meta.url));

/**
 * The objects of the chart in the namespace `kro-system`, with values in the form of helm's `--set`.
 *
 * @throws Error with helm's message when the chart refuses the values.
 */
export async function renderChart(...sets: readonly string[]): Promise<KubeObject[]> {
  const flags = sets.flatMap((set) => [/=("[^"]*"|[\d.]+)$/.test(set) ? '--set-json' : '--set', set]);
  const args = ['template', 'typekro', chart, '-n', 'kro-system', '--include-crds', ...flags];
  const { code, stdout, stderr } = await new RunningCommand(helmProgram, args, { cwd: '/' }).ended;
  if (code !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);
}

/** All violations of the kind's schema, which an API server would report. */
export function schemaProblems(object: KubeObject): string[] {
  const schema = builtinSource().schemaOf({ ...parseApiVersion(object.apiVersion), kind: object.kind });
  if (schema === undefined) return [`there is no kind ${object.apiVersion} ${object.kind}`];
  const value = structuredClone(object) as never;
  return [
    ...validateValue(schema, value).map((error) => `${error.field}: ${error.message}`),
    ...prune(schema, value).unknown.map((path) => `unknown field ${path}`),
  ];
}
