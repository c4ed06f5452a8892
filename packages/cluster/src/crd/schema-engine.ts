/**
 * Exports the code that only clusters with CustomResourceDefinitions or policies use: structural schemas, their rules,
 * and the CEL implementation. `lazy-modules.ts` loads this code as one module.
 */
export { StructuralSchema } from '@typekro/engine/schema';
export { conditionProblem, ExpressionCompiler, mutationProblem, textProblem } from '../expressions/cel-compiler.ts';
export { parseShardSelector } from '../expressions/shard-selector.ts';
export { policyTypeWarnings } from '../expressions/type-check.ts';
export { decodeCustom } from './decode-custom.ts';
export { withReadDefaults } from './custom-defaults.ts';
export { ruleEvaluator } from './validation-rules.ts';
export { validateDefinition } from './validate-definition.ts';
