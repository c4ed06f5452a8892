/**
 * Names of the entry point `typekro/dagster` of TypeKro 0.33. Importing these names does not fail. The first use of one
 * throws an error whose remedy says what replaces it.
 *
 * @packageDocumentation
 */
import { movedNames } from '@typekro/kit/core';

/**
 * Removed in 1.0: deploy the chart of Dagster with helmRelease and helmRepository of typekro/helm; `typekro generate
 * --chart` makes types for the values of the chart.
 */
export const {
  DEFAULT_DAGSTER_REPO_NAME,
  DEFAULT_DAGSTER_REPO_URL,
  DEFAULT_DAGSTER_VERSION,
  DagsterBootstrapConfigSchema,
  DagsterBootstrapStatusSchema,
  DagsterConfigurationValidationError,
  DagsterHelmReleaseConfigSchema,
  DagsterHelmRepositoryConfigSchema,
  DagsterHelmRepositorySingletonSpecSchema,
  DagsterHelmRepositorySingletonStatusSchema,
  dagsterBootstrap,
  dagsterHelmRelease,
  dagsterHelmRepository,
  dagsterHelmRepositoryBootstrap,
  mapDagsterConfigToHelmValues,
  validateDagsterConfig,
} = movedNames(
  'deploy the chart of Dagster with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` makes types for the values of the chart',
  [
    'DEFAULT_DAGSTER_REPO_NAME',
    'DEFAULT_DAGSTER_REPO_URL',
    'DEFAULT_DAGSTER_VERSION',
    'DagsterBootstrapConfigSchema',
    'DagsterBootstrapStatusSchema',
    'DagsterConfigurationValidationError',
    'DagsterHelmReleaseConfigSchema',
    'DagsterHelmRepositoryConfigSchema',
    'DagsterHelmRepositorySingletonSpecSchema',
    'DagsterHelmRepositorySingletonStatusSchema',
    'dagsterBootstrap',
    'dagsterHelmRelease',
    'dagsterHelmRepository',
    'dagsterHelmRepositoryBootstrap',
    'mapDagsterConfigToHelmValues',
    'validateDagsterConfig',
  ],
);
