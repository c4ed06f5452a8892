/**
 * Names of the entry point `typekro/harbor` of TypeKro 0.33. Importing these names does not fail. The first use of one
 * throws an error whose remedy says what replaces it.
 *
 * @packageDocumentation
 */
import { movedNames } from '@typekro/kit/core';

/**
 * Removed in 1.0: deploy the chart of Harbor with helmRelease and helmRepository of typekro/helm; `typekro generate
 * --chart` makes types for the values of the chart.
 */
export const {
  DEFAULT_HARBOR_CHART_VERSION,
  DEFAULT_HARBOR_REPOSITORY_NAME,
  DEFAULT_HARBOR_REPOSITORY_URL,
  DEFAULT_HARBOR_VERSION,
  HARBOR_CHART_NAME,
  HarborApiClient,
  HarborApiError,
  HarborHelmReleaseConfigSchema,
  HarborHelmRepositoryConfigSchema,
  HarborInstallationStatusSchema,
  HarborLocalInstallationConfigSchema,
  HarborProductionInstallationConfigSchema,
  createHarborKubernetesStore,
  deleteHarborProject,
  harborHelmRelease,
  harborHelmRepository,
  harborLocalInstallation,
  harborLocalPlatform,
  harborProductionInstallation,
  harborProductionPlatform,
  mapHarborLocalInstallationToHelmValues,
  mapHarborProductionInstallationToHelmValues,
  prepareHarborRookS3Binding,
  reconcileHarborProject,
} = movedNames(
  'deploy the chart of Harbor with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` makes types for the values of the chart',
  [
    'DEFAULT_HARBOR_CHART_VERSION',
    'DEFAULT_HARBOR_REPOSITORY_NAME',
    'DEFAULT_HARBOR_REPOSITORY_URL',
    'DEFAULT_HARBOR_VERSION',
    'HARBOR_CHART_NAME',
    'HarborApiClient',
    'HarborApiError',
    'HarborHelmReleaseConfigSchema',
    'HarborHelmRepositoryConfigSchema',
    'HarborInstallationStatusSchema',
    'HarborLocalInstallationConfigSchema',
    'HarborProductionInstallationConfigSchema',
    'createHarborKubernetesStore',
    'deleteHarborProject',
    'harborHelmRelease',
    'harborHelmRepository',
    'harborLocalInstallation',
    'harborLocalPlatform',
    'harborProductionInstallation',
    'harborProductionPlatform',
    'mapHarborLocalInstallationToHelmValues',
    'mapHarborProductionInstallationToHelmValues',
    'prepareHarborRookS3Binding',
    'reconcileHarborProject',
  ],
);
