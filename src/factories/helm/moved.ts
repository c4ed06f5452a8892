import { movedNames } from '../../core/index.ts';

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
