import { KRO_LIBRARIES } from './kro.ts';
import { kubernetesFormat, sets } from './lib/index.ts';
import type { Library } from './library.ts';

/** Libraries that kro adds for its own expressions; an API server has none of them. */
const KRO_ONLY: ReadonlySet<string> = new Set(['random', 'cel.lib.ext.maps', 'json', 'hash']);

/**
 * The libraries that validation rules of CustomResourceDefinitions may use. Libraries that `src/cel` does not have are
 * missing in the list.
 */
export const RULE_LIBRARIES: readonly Library[] = [
  ...KRO_LIBRARIES.filter(({ name }) => !KRO_ONLY.has(name) && !name.startsWith('kro.')),
  sets,
  kubernetesFormat,
];
