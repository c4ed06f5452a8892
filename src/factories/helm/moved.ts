import { movedNames } from '../../core/index.ts';

/** Gone: read release.status.conditions, or .withReadinessEvaluator((live) => …) on the release. */
export const {
  createComprehensiveHelmReadinessEvaluator,
  createHelmRepositoryReadinessEvaluator,
  createHelmRevisionReadinessEvaluator,
  createHelmTestReadinessEvaluator,
  createHelmTimeoutReadinessEvaluator,
  createLabeledHelmReleaseEvaluator,
  helmReleaseConditionSummary,
} = movedNames('read release.status.conditions, or .withReadinessEvaluator((live) => …) on the release', [
  'createComprehensiveHelmReadinessEvaluator',
  'createHelmRepositoryReadinessEvaluator',
  'createHelmRevisionReadinessEvaluator',
  'createHelmTestReadinessEvaluator',
  'createHelmTimeoutReadinessEvaluator',
  'createLabeledHelmReleaseEvaluator',
  'helmReleaseConditionSummary',
]);
