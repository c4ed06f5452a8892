import { movedNames } from '@typekro/kit/core';

/**
 * Removed in 1.0: write the address, name or version of the chart where it is used, in helmRepository and helmRelease
 * of typekro/helm.
 */
export const { DEFAULT_VALKEY_REPO_NAME, DEFAULT_VALKEY_REPO_URL, DEFAULT_VALKEY_VERSION } = movedNames(
  'write the address, name or version of the chart where it is used, in helmRepository and helmRelease of typekro/helm',
  ['DEFAULT_VALKEY_REPO_NAME', 'DEFAULT_VALKEY_REPO_URL', 'DEFAULT_VALKEY_VERSION'],
);

/**
 * Removed in 1.0: the types and checks come with the factories of this entry point; a composition declares its own
 * spec.
 */
export const {
  ValkeyBootstrapConfigSchema,
  ValkeyBootstrapStatusSchema,
  ValkeyConfigSchema,
  ValkeyHelmReleaseConfigSchema,
  ValkeyHelmRepositoryConfigSchema,
  ValkeyHelmRepositorySingletonSpecSchema,
  ValkeyHelmRepositorySingletonStatusSchema,
} = movedNames(
  'the types and checks come with the factories of this entry point; a composition declares its own spec',
  [
    'ValkeyBootstrapConfigSchema',
    'ValkeyBootstrapStatusSchema',
    'ValkeyConfigSchema',
    'ValkeyHelmReleaseConfigSchema',
    'ValkeyHelmRepositoryConfigSchema',
    'ValkeyHelmRepositorySingletonSpecSchema',
    'ValkeyHelmRepositorySingletonStatusSchema',
  ],
);

/**
 * Removed in 1.0: deploy the chart of the Valkey operator with helmRelease and helmRepository of typekro/helm; `typekro
 * generate --chart` makes types for the values of the chart.
 */
export const {
  getValkeyHelmValueWarnings,
  mapValkeyConfigToHelmValues,
  valkeyBootstrap,
  valkeyHelmRelease,
  valkeyHelmRepository,
  valkeyHelmRepositoryBootstrap,
  valkeyOperatorInstallation,
} = movedNames(
  'deploy the chart of the Valkey operator with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` makes types for the values of the chart',
  [
    'getValkeyHelmValueWarnings',
    'mapValkeyConfigToHelmValues',
    'valkeyBootstrap',
    'valkeyHelmRelease',
    'valkeyHelmRepository',
    'valkeyHelmRepositoryBootstrap',
    'valkeyOperatorInstallation',
  ],
);
