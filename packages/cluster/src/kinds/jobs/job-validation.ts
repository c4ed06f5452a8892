import type { Field } from '../../errors/field-problems.ts';

/** The labels by which a Job finds its pods. */
export const UID_LABELS = ['batch.kubernetes.io/controller-uid', 'controller-uid'];

/**
 * The maximum of `parallelism` and `maxFailedIndexes` of an indexed Job. A Job with `backoffLimitPerIndex` and more
 * completions than this has the lower maximum `MAX_FAILED_INDEXES`.
 */
const MAX_INDEXES = 100_000;
/**
 * The maximum of `parallelism` and `maxFailedIndexes` of a Job with `backoffLimitPerIndex` and more than `MAX_INDEXES`
 * completions.
 */
const MAX_FAILED_INDEXES = 10_000;

/** Checks the fields of an indexed Job. Any other Job must not have these fields. */
export function validateIndexes(spec: Field): void {
  const [maxFailed, limit] = [spec.number('maxFailedIndexes'), spec.number('backoffLimitPerIndex')];
  limit.notNegative();
  maxFailed.notNegative();
  if (maxFailed.value !== undefined && limit.value === undefined) limit.required('when maxFailedIndexes is specified');
  const mode = spec.text('completionMode');
  if (mode.value === 'Indexed') validateIndexed(spec);
  else if (mode.value !== 'NonIndexed' && mode.value !== '') mode.notSupported(['NonIndexed', 'Indexed']);
  else
    for (const field of [limit, maxFailed])
      if (field.value !== undefined) field.invalid('requires indexed completion mode');
  for (const rule of spec.object('podFailurePolicy').objects('rules')) {
    const action = rule.text('action');
    if (action.value === 'FailIndex' && limit.value === undefined)
      action.invalid('requires the backoffLimitPerIndex to be set');
  }
}

function validateIndexed(spec: Field) {
  const [completions, maxFailed] = [spec.number('completions'), spec.number('maxFailedIndexes')];
  const atMost = (field: Field<number | undefined>, most: number, rest: string) =>
    field.atMost(most, `must be less than or equal to ${rest}`);
  const total = completions.value;
  if (total === undefined) completions.required('when completion mode is Indexed');
  atMost(spec.number('parallelism'), MAX_INDEXES, `${MAX_INDEXES} when completion mode is Indexed`);
  if (total !== undefined) atMost(maxFailed, total, 'completions');
  atMost(maxFailed, MAX_INDEXES, String(MAX_INDEXES));
  if (total === undefined || total <= MAX_INDEXES || spec.value['backoffLimitPerIndex'] === undefined) return;
  if (maxFailed.value === undefined) maxFailed.required(`must be specified when completions is above ${MAX_INDEXES}`);
  const above = `${MAX_FAILED_INDEXES} when completions are above ${MAX_INDEXES} and used with backoff limit per index`;
  atMost(spec.number('parallelism'), MAX_FAILED_INDEXES, above);
  atMost(maxFailed, MAX_FAILED_INDEXES, above);
}
