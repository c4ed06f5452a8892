/**
 * The code that is used only in clusters with definitions or policies: structural schemas, their rules and the language
 * of the rules. `lazy-modules.ts` loads it as one module.
 */
export { applyDefaults, prune, validateValue } from '../../schema/index.ts';
export { conditionProblem, ExpressionCompiler, mutationProblem, textProblem } from '../expressions/environment.ts';
export { parseShardSelector } from '../expressions/shard-selector.ts';
export { policyTypeWarnings } from '../expressions/type-check.ts';
export { decodeCustom } from './decode-custom.ts';
export { ruleEvaluator } from './rules.ts';
export { validateDefinition } from './validate-definition.ts';
