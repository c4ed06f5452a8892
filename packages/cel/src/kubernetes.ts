import { KRO_LIBRARIES } from './kro.ts';
import { encoders, kubernetesFormat, sets, strings } from './lib/index.ts';
import { kubernetesLiterals } from './lib/k8s/k8s-literals.ts';
import { semverNormalization } from './lib/k8s/k8s-semver.ts';
import type { Library } from './library.ts';

/** Libraries that kro adds for its own expressions; an API server has none of them. */
const KRO_ONLY: ReadonlySet<string> = new Set([
  'bindings',
  'cel.lib.ext.maps',
  encoders.name,
  'hash',
  'json',
  'random',
]);

/** The strings extension of an API server. It is older than kro's version, and has no `reverse`. */
const stringsWithoutReverse: Library = {
  ...strings,
  functions: (strings.functions ?? []).filter(({ name }) => name !== 'reverse'),
};

/**
 * The libraries that validation rules of CustomResourceDefinitions may use. An API server has more libraries; the list
 * contains only those that `packages/cel/src` implements.
 */
export const RULE_LIBRARIES: readonly Library[] = [
  ...KRO_LIBRARIES.filter(({ name }) => !KRO_ONLY.has(name) && !name.startsWith('kro.')).map((library) =>
    library === strings ? stringsWithoutReverse : library,
  ),
  sets,
  kubernetesFormat,
  semverNormalization,
  kubernetesLiterals,
];
