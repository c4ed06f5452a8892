/**
 * Names of the entry point `typekro/inngest` of TypeKro 0.33. Importing these names does not fail. The first use of one
 * throws an error whose remedy says what replaces it.
 *
 * @packageDocumentation
 */
import { movedNames } from '@typekro/kit/core';

/**
 * Removed in 1.0: deploy the chart of Inngest with helmRelease and helmRepository of typekro/helm; `typekro generate
 * --chart` makes types for the values of the chart.
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
  'deploy the chart of Inngest with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` makes types for the values of the chart',
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
