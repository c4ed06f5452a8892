import { movedNames } from '@typekro/kit/core';

/** Removed in 1.0: read release.status.conditions, or call .withReadinessEvaluator((live) => …) on the release. */
export const {
  createComprehensiveHelmReadinessEvaluator,
  createHelmRepositoryReadinessEvaluator,
  createHelmRevisionReadinessEvaluator,
  createHelmTestReadinessEvaluator,
  createHelmTimeoutReadinessEvaluator,
  createLabeledHelmReleaseEvaluator,
  helmReleaseConditionSummary,
} = movedNames('read release.status.conditions, or call .withReadinessEvaluator((live) => …) on the release', [
  'createComprehensiveHelmReadinessEvaluator',
  'createHelmRepositoryReadinessEvaluator',
  'createHelmRevisionReadinessEvaluator',
  'createHelmTestReadinessEvaluator',
  'createHelmTimeoutReadinessEvaluator',
  'createLabeledHelmReleaseEvaluator',
  'helmReleaseConditionSummary',
]);
