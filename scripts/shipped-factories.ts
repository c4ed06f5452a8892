import { readFileSync } from 'node:fs';
import { controllerCrds } from '@typekro/controller/controller';
import { type JsonValue, parseJson } from '@typekro/kit/core';
import { generateBuiltin } from '../packages/sdk/src/factories/generate/generate-builtin.ts';
import { generateFactories } from '../packages/sdk/src/factories/generate/generate-factories.ts';
import { type BuiltinDescriptions, builtinSource } from '@typekro/engine/schema';

const COMMAND = 'npm run build';
const TOOLS = '../../../compose/index.ts';

/**
 * The folders of the projects' factories, each with the file in `data/crds` whose CRDs the factories are generated
 * from.
 */
const PROJECTS: ReadonlyMap<string, string> = new Map([
  ['flux', 'flux'],
  ['argocd', 'argocd'],
  ['prometheus', 'prometheus-operator'],
  ['cert-manager', 'cert-manager'],
  ['cnpg', 'cnpg'],
  ['ack', 'ack'],
  ['cilium', 'cilium'],
  ['external-dns', 'external-dns'],
  ['nats', 'nats'],
  ['ory', 'ory'],
  ['rook', 'rook'],
  ['valkey', 'valkey'],
]);

/** The contents of the package's generated files, keyed by folder (from the root) and then by file name. */
export function shippedFactories(): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const builtin = generateBuiltin(builtinSource(), {
    command: COMMAND,
    descriptions: data('kubernetes-1.36/descriptions') as unknown as BuiltinDescriptions,
    importFrom: TOOLS,
  });
  const folders = new Map([[folderOf('kubernetes'), builtin]]);
  for (const [folder, file] of PROJECTS) folders.set(folderOf(folder), fromDefinitions([definitions(file)]));
  const graphs = controllerCrds().filter(({ spec }) => spec?.['group'] === 'kro.run');
  return folders.set(folderOf('kro'), fromDefinitions(graphs));
}

const folderOf = (name: string) => `packages/sdk/src/factories/${name}/generated`;

const definitions = (file: string): JsonValue => data(`crds/${file}`);

function data(file: string): JsonValue {
  return parseJson(readFileSync(new URL(`../data/${file}.json`, import.meta.url), 'utf8'));
}

function fromDefinitions(documents: readonly JsonValue[]): ReadonlyMap<string, string> {
  const { files, diagnostics } = generateFactories(documents, { command: COMMAND, importFrom: TOOLS });
  if (diagnostics.length > 0) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return files;
}
