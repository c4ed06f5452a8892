/** What another version or level of a controller would decide for the definitions and Graphs of a cluster. */
export { type ControllerFeatures, checkDefinition, compareControllers } from './check-definition.ts';
export { checkGraph, compiledGraph, graphsOf, kroGraphRefusal } from './check-graph.ts';
export { requireRead, upgradedInstances } from './instances-of.ts';
export {
  type DefinitionCheck,
  type GraphCheck,
  type LevelCheck,
  type Refusal,
  type UpgradeCheck,
  type UpgradeOptions,
  isChanged,
  isGraphNewlyRefused,
  isNewlyRefused,
  stockFeatures,
} from './upgrade-check.ts';
