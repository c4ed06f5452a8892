/**
 * Names of the entry point `typekro/dagster` of TypeKro 0.33. A program that imports them loads; the use of a name
 * throws an error that names the replacement.
 *
 * @packageDocumentation
 */
import { movedNames } from '../core/index.ts';

/**
 * Removed in 1.0: deploy its chart with helmRelease and helmRepository of typekro/helm; `typekro generate --chart`
 * types its values.
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
  'deploy its chart with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` types its values',
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
