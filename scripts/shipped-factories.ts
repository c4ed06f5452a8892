import { generateBuiltin } from '../src/factories/generate/index.ts';
import { builtinSource } from '../src/schema/index.ts';
import { KIND_DESCRIPTIONS } from './kind-descriptions.ts';

const COMMAND = 'npm run factories';
const TOOLS = '../../../compose/index.ts';

/** The generated files of the package by folder (from the root) and name. */
export function shippedFactories(): ReadonlyMap<string, ReadonlyMap<string, string>> {
  return new Map([
    [
      'src/factories/kubernetes/generated',
      generateBuiltin(builtinSource(), { command: COMMAND, descriptions: KIND_DESCRIPTIONS, importFrom: TOOLS }),
    ],
  ]);
}
