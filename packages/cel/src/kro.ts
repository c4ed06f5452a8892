import { getOrInsert } from '@typekro/kit/core';
import type { Environment, VariableOptions } from './api.ts';
import { createEnvironment } from './environment.ts';
import {
  encoders,
  kroHash,
  kroJson,
  kroLists,
  kroMaps,
  kroOmit,
  kroRandom,
  kroRuntime,
  kubernetesCidr,
  kubernetesIp,
  kubernetesLists,
  kubernetesQuantity,
  kubernetesRegex,
  kubernetesSemver,
  kubernetesUrl,
  lists,
  math,
  network,
  nowLibrary,
  optionals,
  propagation,
  sets,
  strings,
} from './lib/index.ts';
import type { Library } from './library.ts';
import { BIND_MACRO, NEW_CONDITION_MACRO, OPTIONAL_MACROS, SORT_BY_MACRO, TWO_VARIABLE_MACROS } from './macros.ts';
import type { TypeProvider } from './provider.ts';
import { mapInsert, optionalOperators } from './standard/operators.ts';
import type { CelType } from './types.ts';

/** cel-go's comprehensions with two variables. */
export const twoVariableComprehensions: Library = { ...mapInsert, name: 'comprehensions', macros: TWO_VARIABLE_MACROS };
/** cel-go's `cel.bind`. */
export const bindings: Library = { name: 'bindings', macros: [BIND_MACRO] };
/** cel-go's optional values, with `?` and their macros. */
export const optionalTypes: Library = {
  name: 'optional',
  functions: [...(optionalOperators.functions ?? []), ...(optionals.functions ?? [])],
  macros: OPTIONAL_MACROS,
};
const listsWithSortBy: Library = { ...lists, macros: [SORT_BY_MACRO] };
const runtimeWithMacro: Library = { ...kroRuntime, macros: [NEW_CONDITION_MACRO] };

/** The libraries of kro's own environment, in kro's order. */
export const KRO_LIBRARIES: readonly Library[] = [
  twoVariableComprehensions,
  listsWithSortBy,
  strings,
  bindings,
  optionalTypes,
  encoders,
  kubernetesLists,
  kubernetesUrl,
  kubernetesRegex,
  kubernetesQuantity,
  kubernetesIp,
  kubernetesCidr,
  kubernetesSemver,
  kroRandom,
  kroMaps,
  kroJson,
  kroHash,
  kroLists,
  kroOmit,
  runtimeWithMacro,
];

/**
 * Features that kro does not enable by default. `omit()` is not among them: it is always declared, and `references.ts`
 * allows or refuses its calls.
 */
export interface KroFeatures {
  readonly now?: boolean;
  readonly math?: boolean;
  readonly sets?: boolean;
  readonly network?: boolean;
  /** The functions of `propagateWhen`. */
  readonly propagation?: boolean;
}

/** The options of {@link kroEnvironment}. */
export interface KroEnvironmentOptions {
  readonly variables?: Readonly<Record<string, CelType | VariableOptions>>;
  /** Resolves the types of resources. As in kro, a program with a type provider cannot use type names as values. */
  readonly types?: TypeProvider;
  readonly features?: KroFeatures;
}

const OPTIONAL_LIBRARIES: Readonly<Record<keyof KroFeatures, Library>> = {
  now: nowLibrary,
  math,
  sets,
  network,
  propagation,
};

const bases = new Map<string, Environment>();

/** The environment without variables, built once for each set of features. */
function base(features: KroFeatures): Environment {
  const names = (Object.keys(OPTIONAL_LIBRARIES) as (keyof typeof OPTIONAL_LIBRARIES)[]).filter(
    (name) => features[name] === true,
  );
  const key = names.join(',');
  return getOrInsert(bases, key, () =>
    createEnvironment({ libraries: [...KRO_LIBRARIES, ...names.map((name) => OPTIONAL_LIBRARIES[name])] }),
  );
}

/**
 * Returns the environment of kro's expressions, with the libraries of stock kro and the given variables and features.
 */
export function kroEnvironment(options: KroEnvironmentOptions = {}): Environment {
  const { variables = {}, types, features = {} } = options;
  return base(features).extend(variables, types === undefined ? {} : { types, typeNames: false });
}
