import { dnsSubdomain, labelValue, qualifiedName } from '@typekro/kit/kubernetes';
import type { Field } from '../errors/field-problems.ts';
import { validateLabels } from './metadata.ts';

const NOT_AN_OPERATOR = 'not a valid selector operator';

function checkValues(expression: Field): boolean {
  const values = expression.list('values');
  const operator = expression.text('operator').value;
  if (operator === 'In' || operator === 'NotIn') {
    values.notEmpty("must be specified when `operator` is 'In' or 'NotIn'");
    return true;
  }
  if (operator !== 'Exists' && operator !== 'DoesNotExist') return false;
  if (values.value.length > 0) values.forbidden("may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  return true;
}

/** Checks a label selector. */
export function validateSelector(selector: Field): void {
  validateLabels(selector.object('matchLabels'));
  for (const expression of selector.objects('matchExpressions')) {
    if (!checkValues(expression)) expression.text('operator').invalid(NOT_AN_OPERATOR);
    expression.text('key').matches(qualifiedName);
    checkLabelValues(expression);
  }
}

function checkLabelValues(expression: Field) {
  for (const value of expression.texts('values')) value.matches(labelValue);
}

/** Checks a node selector, which must have at least one term. */
export function validateNodeSelector(selector: Field): void {
  selector.list('nodeSelectorTerms').notEmpty('must have at least one node selector term');
  for (const term of selector.objects('nodeSelectorTerms')) {
    validateNodeTerm(term);
    term.objects('matchExpressions').forEach(checkLabelValues);
  }
}

/** Checks a term that selects nodes by labels and fields. Label values may be any strings. */
export function validateNodeTerm(term: Field): void {
  for (const expression of term.objects('matchExpressions')) {
    const [operator, values] = [expression.text('operator'), expression.list('values')];
    if (operator.value === 'Gt' || operator.value === 'Lt') {
      if (values.value.length !== 1) values.required("must be specified single value when `operator` is 'Lt' or 'Gt'");
    } else if (!checkValues(expression)) operator.invalid(NOT_AN_OPERATOR);
    expression.text('key').matches(qualifiedName);
  }
  for (const field of term.objects('matchFields')) {
    const [key, operator, values] = [field.text('key'), field.text('operator'), field.list('values')];
    if (operator.value !== 'In' && operator.value !== 'NotIn') operator.invalid(NOT_AN_OPERATOR);
    else if (values.value.length !== 1)
      values.required("must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
    if (key.value !== 'metadata.name') key.invalid('not a valid field selector key');
    else for (const name of field.texts('values')) name.matches(dnsSubdomain);
  }
}
