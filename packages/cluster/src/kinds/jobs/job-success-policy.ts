import type { JsonObject } from '@typekro/kit/core';
import { numberAt, objectsAt } from '@typekro/kit/kubernetes';
import type { Problems } from '../../errors/field-problems.ts';
import { notNegative } from '../../types/parts.ts';
import { indexCount, indexesProblem } from './job-index-text.ts';

const MAX_RULES = 20;
const MAX_INDEXES_BYTES = 64 * 1024;

/** Checks the success policy of an indexed Job. `job` is the specification of the Job. */
export function validateSuccessPolicy(policy: JsonObject, job: JsonObject, at: string, problems: Problems): void {
  const rules = objectsAt(policy, 'rules');
  const text = 'at least one rules must be specified when the successPolicy is specified';
  if (rules.length === 0) problems.required(`${at}.rules`, text);
  if (rules.length > MAX_RULES) problems.tooMany(`${at}.rules`, rules.length, MAX_RULES);
  // Missing completions count as 0 here, because another check reports them.
  const completions = numberAt(job, 'completions') ?? 0;
  for (const [index, rule] of rules.entries()) validateRule(rule, completions, `${at}.rules[${index}]`, problems);
}

function validateRule(rule: JsonObject, completions: number, at: string, problems: Problems) {
  const { succeededIndexes: indexes } = rule;
  const count = numberAt(rule, 'succeededCount');
  if (count === undefined && indexes === undefined)
    problems.required(at, 'at least one of succeededCount or succeededIndexes must be specified');
  let total: number | undefined;
  if (typeof indexes === 'string') {
    const field = `${at}.succeededIndexes`;
    if (Buffer.byteLength(indexes) > MAX_INDEXES_BYTES) problems.tooLong(field, MAX_INDEXES_BYTES);
    const problem = indexesProblem(indexes, completions);
    if (problem !== undefined) problems.invalid(field, indexes, `error parsing succeededIndexes: ${problem}`);
    total = problem === undefined ? indexCount(indexes, completions) : 0;
  }
  if (count === undefined) return;
  notNegative(rule, 'succeededCount', at, problems);
  const atMost = (max: number, what: string) => {
    const text = `must be less than or equal to ${max} (the number of ${what})`;
    if (count > max) problems.invalid(`${at}.succeededCount`, count, text);
  };
  atMost(completions, 'specified completions');
  if (total !== undefined) atMost(total, 'indexes in the specified succeededIndexes field');
}
