import type { KubeObject } from '../../core/index.ts';
import { crdErrors, crdUpdateErrors } from '../../schema/index.ts';
import type { FieldProblem } from '../http/status.ts';
import { checkRules } from './rules.ts';

/** Checks a definition, on an update against the stored one; what every object has in common is checked elsewhere. */
export function validateDefinition(object: KubeObject, problems: FieldProblem[], old?: KubeObject): void {
  const found = old === undefined ? crdErrors(object, { checkRules }) : crdUpdateErrors(object, old, { checkRules });
  for (const problem of found) {
    const known = problems.some(({ field, message }) => field === problem.field && message === problem.message);
    if (!known) problems.push(problem);
  }
}
