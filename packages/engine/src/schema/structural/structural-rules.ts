import { invalid, notSupported, required } from '../validation/field-error.ts';
import type { FieldError } from '@typekro/kit/kubernetes';
import type { Schema, ValidationRule } from '../model.ts';

/**
 * Compiles the rules of a schema node and returns their problems.
 *
 * @param path field path of the list of rules
 * @param uncorrelatable field path of a list or atomic map whose elements cannot be matched with stored elements. Rules
 *   inside it have no `oldSelf`. `undefined` if rules may use `oldSelf`.
 * @param times the maximum number of values of the schema in one object; `undefined` if the number is unbounded
 */
export type RuleChecker = (
  schema: Schema,
  rules: readonly ValidationRule[],
  path: string,
  uncorrelatable: string | undefined,
  times: number | undefined,
) => readonly FieldError[];

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const LINE_BREAK = /[\n\r]/;
const NOT_BLANK = 'must be non-empty if specified';
const ONE_LINE = 'must not contain line breaks';

/** Checks CEL rules without compiling them. If there is no error, `check` compiles the rules. */
export function* ruleErrors(
  schema: Schema,
  path: string,
  check: RuleChecker | undefined,
  uncorrelatable: string | undefined,
  times: number | undefined,
): Iterable<FieldError> {
  const rules = schema['x-kubernetes-validations'];
  if (!Array.isArray(rules)) return;
  let clean = true;
  for (const [index, rule] of (rules as readonly ValidationRule[]).entries()) {
    for (const error of oneRule(schema, rule, `${path}.x-kubernetes-validations[${index}]`)) {
      clean = false;
      yield error;
    }
  }
  if (clean && check !== undefined)
    yield* check(schema, rules as readonly ValidationRule[], `${path}.x-kubernetes-validations`, uncorrelatable, times);
}

function* oneRule(schema: Schema, rule: ValidationRule, path: string): Iterable<FieldError> {
  const { message = '', messageExpression = '', reason, fieldPath = '' } = rule;
  const text = typeof rule.rule === 'string' ? rule.rule : '';
  if (text.trim() === '') yield required(`${path}.rule`, 'rule is not specified');
  else if (message !== '' && message.trim() === '') yield invalid(`${path}.message`, message, NOT_BLANK);
  else if (LINE_BREAK.test(message.trim())) yield invalid(`${path}.message`, message, ONE_LINE);
  else if (LINE_BREAK.test(text.trim()) && message.trim() === '') {
    yield required(`${path}.message`, 'message must be specified if rule contains line breaks');
  }
  if (messageExpression !== '' && messageExpression.trim() === '') {
    yield required(`${path}.messageExpression`, 'messageExpression must be non-empty if specified');
  }
  if (reason !== undefined && !REASONS.includes(reason)) yield notSupported(`${path}.reason`, reason, REASONS);
  if (fieldPath === '') return;
  if (fieldPath.trim() === '') yield invalid(`${path}.fieldPath`, fieldPath, NOT_BLANK);
  if (LINE_BREAK.test(fieldPath)) yield invalid(`${path}.fieldPath`, fieldPath, ONE_LINE);
  if (!leadsToField(schema, fieldPath)) yield invalid(`${path}.fieldPath`, fieldPath, 'must be a valid path');
}

/** Does a path such as `.a-b.c` or `['a.b']` consist of declared properties or keys of maps? */
function leadsToField(schema: Schema, path: string): boolean {
  const steps = stepsOf(path);
  if (steps === undefined || steps.length === 0) return false;
  let current: Schema = schema;
  for (const step of steps) {
    const { properties, additionalProperties } = current;
    const declared: Schema | undefined =
      properties !== undefined && Object.hasOwn(properties, step) ? properties[step] : undefined;
    const next: Schema | boolean | undefined = declared ?? additionalProperties;
    if (typeof next !== 'object') return false;
    current = next;
  }
  return true;
}

const STEP = /\.([^.[\]]+)|\['((?:[^'\\]|\\.)*)'\]/y;

function stepsOf(path: string): string[] | undefined {
  const steps: string[] = [];
  for (STEP.lastIndex = 0; STEP.lastIndex < path.length;) {
    const match = STEP.exec(path);
    if (match === null) return undefined;
    steps.push(match[1] ?? (match[2] ?? '').replaceAll(/\\(.)/g, '$1'));
  }
  return steps;
}
