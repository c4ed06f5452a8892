/**
 * Typed resource factories: functions that make Kubernetes objects inside a composition. `simple` has the common kinds
 * with few arguments. A factory decides nothing about the graph: it fills in a manifest and passes it to `compose`.
 *
 * @packageDocumentation
 */
export type { BootstrapNeeds, RuntimeBootstrap, RuntimeFactory } from './bootstrap/runtime-bootstrap.ts';
export { createRuntimeBootstrap } from './bootstrap/runtime-bootstrap.ts';
export type { RuntimeSettings, TypeKroRuntimeOptions } from './bootstrap/runtime-settings.ts';
export type { KroSource, TypeKroRuntimeSpec, TypeKroRuntimeStatus } from './bootstrap/runtime.ts';
export { EARLIER_KRO, FLUX_CONTROLLERS } from './bootstrap/runtime.ts';
export { builtinFactoryNames, factoryKey } from './generate/generate-builtin.ts';
export { type ChartOptions, generateChart } from './generate/generate-chart.ts';
export { type GeneratedFactories, type GenerateOptions, generateFactories } from './generate/generate-factories.ts';
export { identifier } from './generate/identifiers.ts';
export { simple } from './simple/index.ts';
/**
 * The exports of `typekro/simple` and `typekro/kubernetes`, for hosts such as the playground that supply them to an
 * interpreted module.
 */
export * as simpleFactories from './simple/index.ts';
export * as kubernetesFactories from './kubernetes/index.ts';
