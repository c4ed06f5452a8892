/**
 * The one generator of typed factories: definitions in, TypeScript out. It writes the package's factories for built-in
 * kinds and for other projects, and `typekro generate` runs it for users' definitions. Pure; files, clusters and the
 * terminal belong to the command.
 *
 * @packageDocumentation
 */
export type { ChartOptions } from './generate-chart.ts';
export { generateChart } from './generate-chart.ts';
export type { BuiltinOptions } from './generate-builtin.ts';
export { generateBuiltin } from './generate-builtin.ts';
export type { GeneratedFactories, GenerateOptions } from './generate-factories.ts';
export { generateFactories } from './generate-factories.ts';
