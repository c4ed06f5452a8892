/**
 * The load and build transform: attaches to each function its text, its position and readers of the variables that it
 * captures, for hosts where the tracer cannot read them (Bun, Deno, Node's permission model, bundles). `register` hooks
 * the transform into Node's loader; `plugin` holds the forms for bundlers.
 *
 * @packageDocumentation
 */
export type { ModuleSource, Transformed } from './attach.ts';
export { attachSources } from './attach.ts';
export type { AuthorPosition, SourceMapData } from './edited-text.ts';
export type { InputMap } from './input-map.ts';
export type { EsbuildPlugin, TransformOptions, TransformPlugin } from './plugin.ts';
export { typekro, typekroEsbuild, typekroWebpackLoader } from './plugin.ts';
