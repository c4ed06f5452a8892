/**
 * Names of the entry point `typekro/hatchet` of TypeKro 0.33. Importing these names does not fail. The first use of one
 * throws an error whose remedy says what replaces it.
 *
 * @packageDocumentation
 */
import { movedNames } from '@typekro/kit/core';

/**
 * Removed in 1.0: deploy the chart of Hatchet with helmRelease and helmRepository of typekro/helm; `typekro generate
 * --chart` makes types for the values of the chart.
 */
export const {
  DEFAULT_HATCHET_CHART_VERSION,
  DEFAULT_HATCHET_REPOSITORY_NAME,
  DEFAULT_HATCHET_REPOSITORY_URL,
  DEFAULT_HATCHET_SERVER_VERSION,
  HATCHET_CHART_NAME,
  HatchetHelmReleaseConfigSchema,
  HatchetHelmRepositoryConfigSchema,
  HatchetInstallationConfigSchema,
  HatchetInstallationStatusSchema,
  hatchetHelmRelease,
  hatchetHelmRepository,
  hatchetInstallation,
} = movedNames(
  'deploy the chart of Hatchet with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` makes types for the values of the chart',
  [
    'DEFAULT_HATCHET_CHART_VERSION',
    'DEFAULT_HATCHET_REPOSITORY_NAME',
    'DEFAULT_HATCHET_REPOSITORY_URL',
    'DEFAULT_HATCHET_SERVER_VERSION',
    'HATCHET_CHART_NAME',
    'HatchetHelmReleaseConfigSchema',
    'HatchetHelmRepositoryConfigSchema',
    'HatchetInstallationConfigSchema',
    'HatchetInstallationStatusSchema',
    'hatchetHelmRelease',
    'hatchetHelmRepository',
    'hatchetInstallation',
  ],
);
