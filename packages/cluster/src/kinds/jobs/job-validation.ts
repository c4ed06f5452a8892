import type { JsonObject } from '@typekro/kit/core';
import { numberAt, objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import type { Problems } from '../../errors/field-problems.ts';
import { notNegative } from '../../types/parts.ts';

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
export function validateIndexes(spec: JsonObject, at: string, problems: Problems): void {
  const maxFailed = numberAt(spec, 'maxFailedIndexes');
  const limit = numberAt(spec, 'backoffLimitPerIndex');
  notNegative(spec, 'backoffLimitPerIndex', at, problems);
  notNegative(spec, 'maxFailedIndexes', at, problems);
  if (maxFailed !== undefined && limit === undefined)
    problems.required(`${at}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified');
  const mode = textAt(spec, 'completionMode');
  if (mode === 'Indexed') validateIndexed(spec, at, problems);
  else if (mode !== 'NonIndexed' && mode !== '') {
    problems.notSupported(`${at}.completionMode`, mode, ['NonIndexed', 'Indexed']);
  } else {
    for (const key of ['backoffLimitPerIndex', 'maxFailedIndexes']) {
      if (spec[key] !== undefined) problems.invalid(`${at}.${key}`, spec[key], 'requires indexed completion mode');
    }
  }
  for (const [index, { action }] of objectsAt(objectAt(spec, 'podFailurePolicy'), 'rules').entries()) {
    if (action !== 'FailIndex' || limit !== undefined) continue;
    const path = `${at}.podFailurePolicy.rules[${index}].action`;
    problems.invalid(path, action, 'requires the backoffLimitPerIndex to be set');
  }
}

function validateIndexed(spec: JsonObject, at: string, problems: Problems) {
  const completions = numberAt(spec, 'completions');
  const atMost = (key: string, most: number, rest: string) => {
    if ((numberAt(spec, key) ?? 0) > most)
      problems.invalid(`${at}.${key}`, spec[key], `must be less than or equal to ${rest}`);
  };
  if (completions === undefined) problems.required(`${at}.completions`, 'when completion mode is Indexed');
  atMost('parallelism', MAX_INDEXES, `${MAX_INDEXES} when completion mode is Indexed`);
  if (completions !== undefined) atMost('maxFailedIndexes', completions, 'completions');
  atMost('maxFailedIndexes', MAX_INDEXES, String(MAX_INDEXES));
  if (completions === undefined || completions <= MAX_INDEXES || spec['backoffLimitPerIndex'] === undefined) return;
  if (spec['maxFailedIndexes'] === undefined)
    problems.required(`${at}.maxFailedIndexes`, `must be specified when completions is above ${MAX_INDEXES}`);
  const above = `${MAX_FAILED_INDEXES} when completions are above ${MAX_INDEXES} and used with backoff limit per index`;
  atMost('parallelism', MAX_FAILED_INDEXES, above);
  atMost('maxFailedIndexes', MAX_FAILED_INDEXES, above);
}
