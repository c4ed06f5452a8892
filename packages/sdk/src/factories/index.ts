/**
 * Typed resource factories: functions that make Kubernetes objects inside a composition. `simple` has the common kinds
 * with few arguments. A factory decides nothing about the graph: it fills in a manifest and passes it to `compose`.
 *
 * @packageDocumentation
 */
export type {
  BootstrapNeeds,
  KroSource,
  RuntimeBootstrap,
  RuntimeFactory,
  RuntimeSettings,
  TypeKroRuntimeOptions,
  TypeKroRuntimeSpec,
  TypeKroRuntimeStatus,
} from './bootstrap/index.ts';
export { createRuntimeBootstrap, EARLIER_KRO, FLUX_CONTROLLERS } from './bootstrap/index.ts';
export type { ChartOptions, GeneratedFactories, GenerateOptions } from './generate/index.ts';
export { builtinFactoryNames, factoryKey, generateChart, generateFactories, identifier } from './generate/index.ts';
export { simple } from './simple/index.ts';
/**
 * The exports of `typekro/simple` and `typekro/kubernetes`, for hosts such as the playground that supply them to an
 * interpreted module.
 */
export * as simpleFactories from './simple/index.ts';
export * as kubernetesFactories from './kubernetes/index.ts';
