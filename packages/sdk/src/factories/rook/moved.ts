import { movedNames } from '@typekro/kit/core';

/**
 * Removed in 1.0: the types and checks come with the factories of this entry point; a composition declares its own
 * spec.
 */
export const {
  CephObjectStoreConfigSchema,
  CephObjectStoreUserConfigSchema,
  ObjectBucketClaimConfigSchema,
  RookBucketStorageClassConfigSchema,
  RookCephClusterHelmReleaseConfigSchema,
  RookCephExternalOperatorSingleNodePlatformConfigSchema,
  RookCephHelmReleaseConfigSchema,
  RookCephHelmRepositoryConfigSchema,
  RookCephHelmRepositorySingletonSpecSchema,
  RookCephHelmRepositorySingletonStatusSchema,
  RookCephOperatorBootstrapConfigSchema,
  RookCephOperatorBootstrapStatusSchema,
  RookCephPlatformStatusSchema,
  RookCephProductionPlatformConfigSchema,
  RookCephSingleNodePlatformConfigSchema,
  RookObjectStorageClaimConfigSchema,
  RookObjectStorageClaimStatusSchema,
} = movedNames(
  'the types and checks come with the factories of this entry point; a composition declares its own spec',
  [
    'CephObjectStoreConfigSchema',
    'CephObjectStoreUserConfigSchema',
    'ObjectBucketClaimConfigSchema',
    'RookBucketStorageClassConfigSchema',
    'RookCephClusterHelmReleaseConfigSchema',
    'RookCephExternalOperatorSingleNodePlatformConfigSchema',
    'RookCephHelmReleaseConfigSchema',
    'RookCephHelmRepositoryConfigSchema',
    'RookCephHelmRepositorySingletonSpecSchema',
    'RookCephHelmRepositorySingletonStatusSchema',
    'RookCephOperatorBootstrapConfigSchema',
    'RookCephOperatorBootstrapStatusSchema',
    'RookCephPlatformStatusSchema',
    'RookCephProductionPlatformConfigSchema',
    'RookCephSingleNodePlatformConfigSchema',
    'RookObjectStorageClaimConfigSchema',
    'RookObjectStorageClaimStatusSchema',
  ],
);

/**
 * Removed in 1.0: write the address, name or version of the chart where it is used, in helmRepository and helmRelease
 * of typekro/helm.
 */
export const {
  DEFAULT_ROOK_CEPH_REPO_NAME,
  DEFAULT_ROOK_CEPH_REPO_URL,
  DEFAULT_ROOK_CEPH_VERSION,
  ROOK_CEPH_CLUSTER_CHART_NAME,
  ROOK_CEPH_OPERATOR_CHART_NAME,
} = movedNames(
  'write the address, name or version of the chart where it is used, in helmRepository and helmRelease of typekro/helm',
  [
    'DEFAULT_ROOK_CEPH_REPO_NAME',
    'DEFAULT_ROOK_CEPH_REPO_URL',
    'DEFAULT_ROOK_CEPH_VERSION',
    'ROOK_CEPH_CLUSTER_CHART_NAME',
    'ROOK_CEPH_OPERATOR_CHART_NAME',
  ],
);

/** Removed in 1.0: each resource has the readiness rule of its kind already; to use another rule, call .withReadinessEvaluator((live) => …). */
export const {
  cephObjectStoreReadinessEvaluator,
  cephObjectStoreUserReadinessEvaluator,
  objectBucketClaimReadinessEvaluator,
} = movedNames(
  'each resource has the readiness rule of its kind already; to use another rule, call .withReadinessEvaluator((live) => …)',
  ['cephObjectStoreReadinessEvaluator', 'cephObjectStoreUserReadinessEvaluator', 'objectBucketClaimReadinessEvaluator'],
);

/**
 * Removed in 1.0: deploy the chart of Rook with helmRelease and helmRepository of typekro/helm; `typekro generate
 * --chart` makes types for the values of the chart.
 */
export const {
  mapRookCephOperatorConfigToHelmValues,
  mapRookCephProductionObjectStoreSpec,
  mapRookCephProductionPlatformToHelmValues,
  mapRookCephSingleNodeObjectStoreSpec,
  mapRookCephSingleNodePlatformToHelmValues,
  rookCephClusterHelmRelease,
  rookCephExternalOperatorSingleNodePlatform,
  rookCephHelmRepository,
  rookCephHelmRepositoryBootstrap,
  rookCephOperatorBootstrap,
  rookCephOperatorHelmRelease,
  rookCephOperatorInstallation,
  rookCephProductionPlatform,
  rookCephSingleNodePlatform,
} = movedNames(
  'deploy the chart of Rook with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` makes types for the values of the chart',
  [
    'mapRookCephOperatorConfigToHelmValues',
    'mapRookCephProductionObjectStoreSpec',
    'mapRookCephProductionPlatformToHelmValues',
    'mapRookCephSingleNodeObjectStoreSpec',
    'mapRookCephSingleNodePlatformToHelmValues',
    'rookCephClusterHelmRelease',
    'rookCephExternalOperatorSingleNodePlatform',
    'rookCephHelmRepository',
    'rookCephHelmRepositoryBootstrap',
    'rookCephOperatorBootstrap',
    'rookCephOperatorHelmRelease',
    'rookCephOperatorInstallation',
    'rookCephProductionPlatform',
    'rookCephSingleNodePlatform',
  ],
);

/** Removed in 1.0: use storageClass of typekro/kubernetes. */
export const { rookBucketStorageClass } = movedNames('use storageClass of typekro/kubernetes', [
  'rookBucketStorageClass',
]);

/** Removed in 1.0: use objectBucketClaim. */
export const { rookObjectStorageClaim } = movedNames('use objectBucketClaim', ['rookObjectStorageClaim']);
