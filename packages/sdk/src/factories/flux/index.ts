/**
 * Factories for Flux: sources, kustomizations and Helm releases. The members of the spec are at the top level, next to
 * `name`. The most common members have defaults.
 *
 * @packageDocumentation
 */
export type { FlatInput } from './flat.ts';
export type {
  BucketArtifact,
  BucketCondition,
  BucketFields,
  BucketSpec,
  BucketStatus,
  GitRepositoryFields,
  GitRepositoryInclude,
  GitRepositorySpec,
  GitRepositoryStatus,
  HelmChartFields,
  HelmChartSpec,
  HelmChartStatus,
  OCIRepositoryFields,
  OCIRepositorySpec,
  OCIRepositoryStatus,
} from './generated/source.toolkit.fluxcd.io.ts';
export type {
  KustomizationFields,
  KustomizationSpec,
  KustomizationStatus,
  KustomizationTarget,
} from './generated/kustomize.toolkit.fluxcd.io.ts';
export { bucket, gitRepository, helmChart, ociRepository } from './sources.ts';
export { type KustomizationConfig, kustomization, kustomizationReadinessEvaluator } from './kustomization.ts';
export { type HelmReleaseConfig, type HelmRepositoryConfig, helmRelease, helmRepository } from '../helm/index.ts';
