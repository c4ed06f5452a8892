/**
 * Checks and completes objects without a running server: evaluates the CEL rules of a schema, and converts objects of
 * built-in kinds to the form in which a server stores them. Browsers also use these functions. `index.ts` does not
 * export them, because a cluster loads CEL and the rules only when a request first needs them.
 */
export { ruleEvaluator } from './crd/rules.ts';
export type { NewObject } from './kinds/new-objects.ts';
export { newObjects } from './kinds/new-objects.ts';
