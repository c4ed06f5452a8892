import type { JsonObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { type FieldError, listAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { type Problems, fieldRequired, repeatedIndexes } from '../../errors/field-problems.ts';
import { checkLabelName } from '../validate-selector.ts';

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const STATES = ['False', 'True', 'Unknown'];
const OPERATORS = ['In', 'NotIn'];
const MAX_RULES = 20;
const MAX_CONDITIONS = 20;
const MAX_EXIT_CODES = 255;

/** Checks the failure policy of a Job. `spec` is the path of the Job's specification. */
export function validateFailurePolicy(policy: JsonObject, pod: JsonObject, spec: string, problems: Problems): void {
  const restart = textAt(pod, 'restartPolicy');
  if (restart === 'OnFailure')
    problems.invalid(
      `${spec}.template.spec.restartPolicy`,
      restart,
      'only "Never" is supported when podFailurePolicy is specified',
    );
  const rules = objectsAt(policy, 'rules');
  const at = `${spec}.podFailurePolicy.rules`;
  if (rules.length > MAX_RULES) problems.tooMany(at, rules.length, MAX_RULES);
  for (const [index, rule] of rules.entries()) validateRule(rule, pod, `${at}[${index}]`, problems);
}

/** The error for a missing value. Its message lists the valid values as Go prints them. */
const missing = (field: string, values: readonly string[]): FieldError =>
  fieldRequired(field, `valid values: [${values.map(goQuote).join(' ')}]`);

/** An error about a whole rule. Its message contains no value. */
const wholeRule = (field: string, text: string): FieldError => ({
  reason: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${text}`,
});

function validateRule(rule: JsonObject, pod: JsonObject, at: string, problems: Problems) {
  const action = textAt(rule, 'action');
  if (action === '') problems.push(missing(`${at}.action`, ACTIONS));
  else problems.requireOneOf(`${at}.action`, action, ACTIONS);
  const codes = optionalAt(rule, 'onExitCodes');
  const conditions = objectsAt(rule, 'onPodConditions');
  if (codes !== undefined) validateExitCodes(codes, pod, `${at}.onExitCodes`, problems);
  if (conditions.length > MAX_CONDITIONS) problems.tooMany(`${at}.onPodConditions`, conditions.length, MAX_CONDITIONS);
  for (const [index, condition] of conditions.entries()) {
    const place = `${at}.onPodConditions[${index}]`;
    checkLabelName(textAt(condition, 'type'), `${place}.type`, problems);
    const status = textAt(condition, 'status');
    problems.requireOneOf(`${place}.status`, status, STATES);
  }
  if (codes !== undefined && conditions.length > 0)
    problems.push(wholeRule(at, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  if (codes === undefined && conditions.length === 0)
    problems.push(wholeRule(at, 'specifying one of OnExitCodes and OnPodConditions is required'));
}

function validateExitCodes(codes: JsonObject, pod: JsonObject, at: string, problems: Problems) {
  const operator = textAt(codes, 'operator');
  if (operator === '') problems.push(missing(`${at}.operator`, OPERATORS));
  else problems.requireOneOf(`${at}.operator`, operator, OPERATORS);
  const name = textAt(codes, 'containerName');
  const names = ['containers', 'initContainers'].flatMap((list) =>
    objectsAt(pod, list).map((container) => textAt(container, 'name')),
  );
  if (name !== '' && !names.includes(name))
    problems.invalid(
      `${at}.containerName`,
      name,
      'must be one of the container or initContainer names in the pod template',
    );
  const values = listAt(codes, 'values').map(Number);
  if (values.length === 0) problems.invalid(`${at}.values`, [], 'at least one value is required');
  if (values.length > MAX_EXIT_CODES) problems.tooMany(`${at}.values`, values.length, MAX_EXIT_CODES);
  const repeated = repeatedIndexes(values);
  for (const [index, value] of values.entries()) {
    const place = `${at}.values[${index}]`;
    if (value === 0 && operator === 'In') problems.invalid(place, 0, 'must not be 0 for the In operator');
    if (repeated.has(index)) problems.duplicate(place, value);
  }
  if (values.some((value, index) => index > 0 && value < (values[index - 1] ?? 0)))
    problems.invalid(`${at}.values`, values, 'must be ordered');
}
