/**
 * Names of the entry point `typekro/hatchet` of TypeKro 0.33. A program that imports them loads; the use of a name
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
  'deploy its chart with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` types its values',
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
