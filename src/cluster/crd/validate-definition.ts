import type { KubeObject } from '../../core/index.ts';
import { crdErrors, crdUpdateErrors } from '../../schema/index.ts';
import type { FieldError } from '../../kubernetes/index.ts';
import { RuleCosts } from './rule-costs.ts';
import { ruleChecker } from './rules.ts';

/**
 * Checks a definition. With `old`, also checks the update against the stored definition. Other code checks the rules
 * that hold for all kinds.
 */
export function validateDefinition(object: KubeObject, problems: FieldError[], old?: KubeObject): void {
  const costs = new RuleCosts();
  const options = { checkRules: ruleChecker(costs), checkAllRules: (schema: string) => costs.finish(schema) };
  const found = old === undefined ? crdErrors(object, options) : crdUpdateErrors(object, old, options);
  for (const problem of found) {
    const known = problems.some(({ field, message }) => field === problem.field && message === problem.message);
    if (!known) problems.push(problem);
  }
}
