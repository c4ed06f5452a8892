import type { JsonObject } from '@typekro/kit/core';
import { dnsSubdomain, labelValue, listAt, objectAt, objectsAt, qualifiedName, textAt } from '@typekro/kit/kubernetes';
import type { Problems } from '../errors/field-problems.ts';
import { validateLabels } from './metadata.ts';

/** Checks a name with the syntax of label keys. */
export function checkLabelName(name: string, path: string, problems: Problems): void {
  problems.invalidFor(path, name, qualifiedName(name));
}

const NOT_AN_OPERATOR = 'not a valid selector operator';

function checkValues(expression: JsonObject, at: string, problems: Problems): boolean {
  const count = listAt(expression, 'values').length;
  const operator = textAt(expression, 'operator');
  if (operator === 'In' || operator === 'NotIn') {
    if (count === 0) problems.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
    return true;
  }
  if (operator !== 'Exists' && operator !== 'DoesNotExist') return false;
  if (count > 0)
    problems.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  return true;
}

/** Checks a label selector. */
export function validateSelector(selector: JsonObject, path: string, problems: Problems): void {
  validateLabels(objectAt(selector, 'matchLabels') as Record<string, string>, `${path}.matchLabels`, problems);
  for (const [index, expression] of objectsAt(selector, 'matchExpressions').entries()) {
    const at = `${path}.matchExpressions[${index}]`;
    if (!checkValues(expression, at, problems))
      problems.invalid(`${at}.operator`, textAt(expression, 'operator'), NOT_AN_OPERATOR);
    checkLabelName(textAt(expression, 'key'), `${at}.key`, problems);
    checkLabelValues(expression, at, problems);
  }
}

function checkLabelValues(expression: JsonObject, at: string, problems: Problems) {
  for (const [position, value] of listAt(expression, 'values').entries())
    problems.invalidFor(`${at}.values[${position}]`, value, labelValue(String(value)));
}

/** Checks a node selector, which must have at least one term. */
export function validateNodeSelector(selector: JsonObject, path: string, problems: Problems): void {
  const terms = objectsAt(selector, 'nodeSelectorTerms');
  const at = `${path}.nodeSelectorTerms`;
  if (terms.length === 0) problems.required(at, 'must have at least one node selector term');
  for (const [index, term] of terms.entries()) {
    validateNodeTerm(term, `${at}[${index}]`, problems);
    for (const [position, expression] of objectsAt(term, 'matchExpressions').entries())
      checkLabelValues(expression, `${at}[${index}].matchExpressions[${position}]`, problems);
  }
}

/** Checks a term that selects nodes by labels and fields. Label values may be any strings. */
export function validateNodeTerm(term: JsonObject, path: string, problems: Problems): void {
  for (const [index, expression] of objectsAt(term, 'matchExpressions').entries()) {
    const at = `${path}.matchExpressions[${index}]`;
    const operator = textAt(expression, 'operator');
    if (operator === 'Gt' || operator === 'Lt') {
      if (listAt(expression, 'values').length !== 1)
        problems.required(`${at}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'");
    } else if (!checkValues(expression, at, problems)) problems.invalid(`${at}.operator`, operator, NOT_AN_OPERATOR);
    checkLabelName(textAt(expression, 'key'), `${at}.key`, problems);
  }
  for (const [index, field] of objectsAt(term, 'matchFields').entries()) {
    const at = `${path}.matchFields[${index}]`;
    const operator = textAt(field, 'operator');
    if (operator !== 'In' && operator !== 'NotIn') problems.invalid(`${at}.operator`, operator, NOT_AN_OPERATOR);
    else if (listAt(field, 'values').length !== 1)
      problems.required(
        `${at}.values`,
        "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
      );
    const key = textAt(field, 'key');
    if (key !== 'metadata.name') problems.invalid(`${at}.key`, key, 'not a valid field selector key');
    else
      for (const [position, name] of listAt(field, 'values').entries())
        problems.invalidFor(`${at}.values[${position}]`, name, dnsSubdomain(String(name)));
  }
}
