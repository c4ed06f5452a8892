/**
 * Names of the entry point `typekro/harbor` of TypeKro 0.33. A program that imports them loads; the use of a name
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
  'deploy its chart with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` types its values',
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
