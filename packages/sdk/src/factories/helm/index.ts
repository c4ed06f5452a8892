/**
 * Factories for Helm charts as nodes of a graph; Flux's helm-controller installs the charts. There are factories for
 * repositories and releases, and a function that makes a factory for one chart with typed values.
 *
 * @packageDocumentation
 */
export { type ChartConfig, type ChartFactory, type ChartReference, chartFactory } from './chart.ts';
export type {
  ChartInput,
  ChartSource,
  HelmReleaseConfig,
  HelmReleaseResource,
  HelmReleaseSettings,
} from './helm-release.ts';
export { helmRelease, helmReleaseReadinessEvaluator, simpleHelmChart } from './helm-release.ts';
export type { Readiness, ReadinessState } from '@typekro/engine/readiness';
export { type HelmRepositoryConfig, helmRepository } from './helm-repository.ts';
export type {
  HelmReleaseFields,
  HelmReleaseSpec,
  HelmReleaseStatus,
  HelmReleaseTarget,
} from '../flux/generated/helm.toolkit.fluxcd.io.ts';
export type {
  BucketArtifact,
  BucketCondition,
  HelmRepositoryFields,
  HelmRepositorySpec,
  HelmRepositoryStatus,
} from '../flux/generated/source.toolkit.fluxcd.io.ts';
export * from './generated/moved.ts';
