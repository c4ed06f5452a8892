import type { JsonObject } from '@typekro/kit/core';
import { conditionReason, numberAt, textAt } from '@typekro/kit/kubernetes';
import { type Problems, repeatedIndexes } from '../errors/field-problems.ts';
import { checkLabelName } from './validate-selector.ts';

const STATUSES = ['False', 'True', 'Unknown'];
const MAX_REASON_BYTES = 1024;
const MAX_MESSAGE_BYTES = 32 * 1024;

/** Checks conditions of the type `metav1.Condition`. */
export function validateStatusConditions(conditions: readonly JsonObject[], path: string, problems: Problems): void {
  const types = conditions.map((condition) => textAt(condition, 'type'));
  const repeated = repeatedIndexes(types);
  for (const [index, condition] of conditions.entries()) {
    const at = `${path}[${index}]`;
    if (repeated.has(index)) problems.duplicate(`${at}.type`, types[index]);
    validateCondition(condition, at, problems);
  }
}

function validateCondition(condition: JsonObject, at: string, problems: Problems): void {
  const [status, reason] = [textAt(condition, 'status'), textAt(condition, 'reason')];
  checkLabelName(textAt(condition, 'type'), `${at}.type`, problems);
  problems.requireOneOf(`${at}.status`, status, STATUSES);
  const generation = numberAt(condition, 'observedGeneration') ?? 0;
  if (generation < 0) problems.invalid(`${at}.observedGeneration`, generation, 'must be greater than or equal to zero');
  if (textAt(condition, 'lastTransitionTime') === '') problems.required(`${at}.lastTransitionTime`);
  if (reason === '') problems.required(`${at}.reason`);
  else {
    problems.invalidFor(`${at}.reason`, reason, conditionReason(reason));
    if (Buffer.byteLength(reason) > MAX_REASON_BYTES) problems.tooLong(`${at}.reason`, MAX_REASON_BYTES);
  }
  if (Buffer.byteLength(textAt(condition, 'message')) > MAX_MESSAGE_BYTES)
    problems.tooLong(`${at}.message`, MAX_MESSAGE_BYTES);
}
