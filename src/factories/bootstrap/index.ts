/**
 * The runtime that kro mode needs, as a graph of its own: Flux's controllers and kro. Decides what is to be
 * there; bringing Flux's manifests into a cluster is the deploy room's part.
 *
 * @packageDocumentation
 */
export type { BootstrapNeeds, RuntimeBootstrap, RuntimeFactory } from './bootstrap.ts';
export { createRuntimeBootstrap } from './bootstrap.ts';
export type { RuntimeSettings, TypeKroRuntimeOptions } from './options.ts';
export type { KroSource, TypeKroRuntimeSpec, TypeKroRuntimeStatus } from './runtime.ts';
export { EARLIER_KRO, FLUX_CONTROLLERS } from './runtime.ts';
