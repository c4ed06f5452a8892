/**
 * The runtime that kro mode needs, as a graph: Flux's controllers and kro. This folder decides which components the
 * runtime has; `packages/sdk/src/deploy` applies Flux's manifests.
 *
 * @packageDocumentation
 */
export type { BootstrapNeeds, RuntimeBootstrap, RuntimeFactory } from './bootstrap.ts';
export { createRuntimeBootstrap } from './bootstrap.ts';
export type { RuntimeSettings, TypeKroRuntimeOptions } from './options.ts';
export type { KroSource, TypeKroRuntimeSpec, TypeKroRuntimeStatus } from './runtime.ts';
export { EARLIER_KRO, FLUX_CONTROLLERS } from './runtime.ts';
