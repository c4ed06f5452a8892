/**
 * The generator of typed factories. It converts CRDs, built-in kinds and the value schemas of charts to TypeScript. It
 * writes the package's own factories, and `typekro generate` runs it for users' CRDs. Its functions are pure; the
 * command reads and writes files, clusters and the terminal.
 *
 * @packageDocumentation
 */
export type { ChartOptions } from './generate-chart.ts';
export { generateChart } from './generate-chart.ts';
export type { BuiltinOptions } from './generate-builtin.ts';
export { builtinFactoryNames, factoryKey, generateBuiltin } from './generate-builtin.ts';
export type { GeneratedFactories, GenerateOptions } from './generate-factories.ts';
export { generateFactories } from './generate-factories.ts';
export { identifier } from './identifiers.ts';
