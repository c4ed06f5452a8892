/**
 * The load and build transform: leaves beside each function its text, its place and getters for the
 * variables around it, for hosts where the tracer cannot read them (Bun, Deno, Node's permission model,
 * bundles). `register` hooks it into Node's loader, `typekro()` into Vite and Rollup.
 *
 * @packageDocumentation
 */
export type { ModuleSource } from './attach.ts';
export { attachSources } from './attach.ts';
export type { TransformPlugin } from './plugin.ts';
export { typekro } from './plugin.ts';
