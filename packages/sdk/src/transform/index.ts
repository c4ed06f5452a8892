/**
 * The transform at load time and at build time. It attaches data to the functions that a composition may call: source,
 * position, and readers of the captured variables. The transform is for hosts on which the tracer cannot read these
 * data in another way (Bun, Deno, Node's permission model, bundles). `register` hooks the transform into Node's loader;
 * `plugin` has the plugins for bundlers.
 *
 * @packageDocumentation
 */
export { type ModuleSource, type Transformed, attachSources } from './attach.ts';
export type { SourceMapData } from './edited-text.ts';
export type { InputMap } from '../javascript/index.ts';
export type { EsbuildPlugin, TransformOptions, TransformPlugin } from './plugin.ts';
export { typekro, typekroEsbuild, typekroWebpackLoader } from './plugin.ts';
