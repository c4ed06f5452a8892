/**
 * Factories for kro itself: definitions of graphs and their instances, as resources of another graph.
 *
 * @packageDocumentation
 */
export type {
  GraphCondition,
  GraphFields,
  GraphRef,
  GraphSpec,
  GraphStatus,
  ResourceGraphDefinitionAdditionalPrinterColumn,
  ResourceGraphDefinitionFields,
  ResourceGraphDefinitionSpec,
  ResourceGraphDefinitionStatus,
} from './generated/kro.run.ts';
export { graph as graphObject, resourceGraphDefinition } from './generated/kro.run.ts';
export type { KroCustomResourceInput, KroStatusFields, WithKroStatusFields } from './kro-resource.ts';
export { kroCustomResource, kroCustomResourceDefinition } from './kro-resource.ts';
