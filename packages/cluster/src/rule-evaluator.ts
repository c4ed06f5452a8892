/**
 * Evaluates the CEL rules of a schema without a running server. `index.ts` does not export this function, because a
 * cluster loads CEL and the rules only when a request first needs them.
 */
export { ruleEvaluator } from './crd/rules.ts';
