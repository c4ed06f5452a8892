/**
 * Checks and evaluates the CEL rules of a schema without a running server. `index.ts` does not export these functions,
 * because a cluster loads CEL and the rules only when a request first needs them.
 */
export { definitionErrors, ruleEvaluator } from './crd/validation-rules.ts';
