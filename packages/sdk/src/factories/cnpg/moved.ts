import { movedNames } from '@typekro/kit/core';

/**
 * Removed in 1.0: the types and checks come with the factories of this entry point; a composition declares its own
 * spec.
 */
export const {
  BackupConfigSchema,
  ClusterConfigSchema,
  CnpgBootstrapConfigSchema,
  CnpgBootstrapStatusSchema,
  CnpgHelmReleaseConfigSchema,
  CnpgHelmRepositoryConfigSchema,
  PoolerConfigSchema,
  ScheduledBackupConfigSchema,
} = movedNames(
  'the types and checks come with the factories of this entry point; a composition declares its own spec',
  [
    'BackupConfigSchema',
    'ClusterConfigSchema',
    'CnpgBootstrapConfigSchema',
    'CnpgBootstrapStatusSchema',
    'CnpgHelmReleaseConfigSchema',
    'CnpgHelmRepositoryConfigSchema',
    'PoolerConfigSchema',
    'ScheduledBackupConfigSchema',
  ],
);

/** Removed in 1.0: compare cluster.status.phase with the string. */
export const { CNPG_CLUSTER_PHASES } = movedNames('compare cluster.status.phase with the string', [
  'CNPG_CLUSTER_PHASES',
]);

/**
 * Removed in 1.0: deploy the chart of CloudNativePG with helmRelease and helmRepository of typekro/helm; `typekro
 * generate --chart` makes types for the values of the chart.
 */
export const {
  cnpgBootstrap,
  cnpgHelmRelease,
  cnpgHelmRepository,
  getCnpgHelmValueWarnings,
  mapCnpgConfigToHelmValues,
} = movedNames(
  'deploy the chart of CloudNativePG with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` makes types for the values of the chart',
  ['cnpgBootstrap', 'cnpgHelmRelease', 'cnpgHelmRepository', 'getCnpgHelmValueWarnings', 'mapCnpgConfigToHelmValues'],
);
