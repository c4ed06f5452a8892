import * as raw from './generated/source.toolkit.fluxcd.io.ts';
import type {
  BucketFields,
  BucketSpec,
  GitRepositoryFields,
  GitRepositorySpec,
  HelmChartFields,
  HelmChartSpec,
  OCIRepositoryFields,
  OCIRepositorySpec,
} from './generated/source.toolkit.fluxcd.io.ts';
import { flatFactory } from './flat.ts';

/** Default interval at which Flux checks for changes. */
export const DEFAULT_INTERVAL = '5m';

/**
 * A Git repository whose files Flux fetches. Ready when an artifact is stored.
 *
 * @example gitRepository({ name: 'app', url: 'https://github.com/example/app', ref: { branch: 'main' } })
 */
export const gitRepository = flatFactory<GitRepositorySpec, GitRepositoryFields, 'interval'>(
  'gitRepository',
  raw.gitRepository,
  { interval: DEFAULT_INTERVAL },
);

/**
 * An artifact in an OCI registry that Flux fetches.
 *
 * @example ociRepository({ name: 'manifests', url: 'oci://ghcr.io/example/manifests', ref: { tag: '1.2.3' } })
 */
export const ociRepository = flatFactory<OCIRepositorySpec, OCIRepositoryFields, 'interval'>(
  'ociRepository',
  raw.ociRepository,
  { interval: DEFAULT_INTERVAL },
);

/** An object store (such as S3) whose files Flux fetches. */
export const bucket = flatFactory<BucketSpec, BucketFields, 'interval'>('bucket', raw.bucket, {
  interval: DEFAULT_INTERVAL,
});

/**
 * One version of a chart, which Flux fetches. Flux itself creates the HelmChart of a `helmRelease`; this factory is for
 * a chart without a release.
 */
export const helmChart = flatFactory<HelmChartSpec, HelmChartFields, 'interval'>('helmChart', raw.helmChart, {
  interval: DEFAULT_INTERVAL,
});
