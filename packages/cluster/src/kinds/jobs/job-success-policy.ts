import type { Field } from '../../errors/field-problems.ts';
import { indexCount, indexesProblem } from './job-index-text.ts';

const MAX_RULES = 20;
const MAX_INDEXES_BYTES = 64 * 1024;

/** Checks the success policy of an indexed Job, which has this number of completions. */
export function validateSuccessPolicy(policy: Field, completions: number): void {
  const rules = policy.list('rules');
  rules.notEmpty('at least one rules must be specified when the successPolicy is specified');
  rules.hasTooMany(MAX_RULES);
  for (const rule of policy.objects('rules')) validateRule(rule, completions);
}

function validateRule(rule: Field, completions: number) {
  const [indexes, count] = [rule.member('succeededIndexes'), rule.number('succeededCount')];
  if (count.value === undefined && indexes.value === undefined)
    rule.required('at least one of succeededCount or succeededIndexes must be specified');
  let total: number | undefined;
  if (typeof indexes.value === 'string') {
    if (Buffer.byteLength(indexes.value) > MAX_INDEXES_BYTES) indexes.tooLong(MAX_INDEXES_BYTES);
    const problem = indexesProblem(indexes.value, completions);
    if (problem !== undefined) indexes.invalid(`error parsing succeededIndexes: ${problem}`);
    total = problem === undefined ? indexCount(indexes.value, completions) : 0;
  }
  count.notNegative();
  const atMost = (max: number, what: string) =>
    count.atMost(max, `must be less than or equal to ${max} (the number of ${what})`);
  atMost(completions, 'specified completions');
  if (total !== undefined) atMost(total, 'indexes in the specified succeededIndexes field');
}
