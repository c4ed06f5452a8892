/**
 * The code that only clusters with definitions need, loaded as a whole by `lazy-modules.ts`: structural schemas, their
 * rules and the language of the rules.
 */
export { applyDefaults, prune, validateValue } from '../../schema/index.ts';
export { ruleEvaluator } from './rules.ts';
export { validateDefinition } from './validate-definition.ts';
