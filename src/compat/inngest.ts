/**
 * Names of the entry point `typekro/inngest` of TypeKro 0.33. A program that imports them loads; the use of a name
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
  DEFAULT_INNGEST_REPO_NAME,
  DEFAULT_INNGEST_REPO_URL,
  DEFAULT_INNGEST_VERSION,
  InngestBootstrapConfigSchema,
  InngestBootstrapStatusSchema,
  InngestHelmReleaseConfigSchema,
  InngestHelmRepositoryConfigSchema,
  inngestBootstrap,
  inngestHelmRelease,
  inngestHelmRepository,
  mapInngestConfigToHelmValues,
} = movedNames(
  'deploy its chart with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` types its values',
  [
    'DEFAULT_INNGEST_REPO_NAME',
    'DEFAULT_INNGEST_REPO_URL',
    'DEFAULT_INNGEST_VERSION',
    'InngestBootstrapConfigSchema',
    'InngestBootstrapStatusSchema',
    'InngestHelmReleaseConfigSchema',
    'InngestHelmRepositoryConfigSchema',
    'inngestBootstrap',
    'inngestHelmRelease',
    'inngestHelmRepository',
    'mapInngestConfigToHelmValues',
  ],
);
