/**
 * Checks and completes objects without a running server: evaluates the CEL rules of a schema, and gives objects of
 * built-in kinds the form in which a server stores them. Browsers use these functions, too. `index.ts` does not export
 * them, because a cluster loads the modules of CEL and of the rules when a request first needs them.
 */
export { ruleEvaluator } from './crd/rules.ts';
export type { NewObject } from './kinds/new-objects.ts';
export { newObjects } from './kinds/new-objects.ts';
