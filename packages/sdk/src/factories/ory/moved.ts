import { movedNames } from '@typekro/kit/core';

/**
 * Removed in 1.0: write the address, name or version of the chart where it is used, in helmRepository and helmRelease
 * of typekro/helm.
 */
export const { ORY_CHART_VERSION, ORY_HELM_REPOSITORY_URL } = movedNames(
  'write the address, name or version of the chart where it is used, in helmRepository and helmRelease of typekro/helm',
  ['ORY_CHART_VERSION', 'ORY_HELM_REPOSITORY_URL'],
);

/**
 * Removed in 1.0: the types and checks come with the factories of this entry point; a composition declares its own
 * spec.
 */
export const {
  OryIdentityStackConfigSchema,
  OryIdentityStackStatusSchema,
  OryPlatformStackConfigSchema,
  OryPlatformStackStatusSchema,
} = movedNames(
  'the types and checks come with the factories of this entry point; a composition declares its own spec',
  [
    'OryIdentityStackConfigSchema',
    'OryIdentityStackStatusSchema',
    'OryPlatformStackConfigSchema',
    'OryPlatformStackStatusSchema',
  ],
);

/**
 * Removed in 1.0: deploy the chart of the Ory component with helmRelease and helmRepository of typekro/helm; `typekro
 * generate --chart` makes types for the values of the chart.
 */
export const {
  getOryHealthChecks,
  getOryHelmValueWarnings,
  getOryMetricSignals,
  hydraHelmRelease,
  ketoHelmRelease,
  kratosHelmRelease,
  mapOryConfigToHelmValues,
  oathkeeperHelmRelease,
  oryHelmRepository,
  oryIdentityStack,
  oryKroLiteralSecretSchemaFieldValidations,
  oryPlatformStack,
  validateOryConfig,
} = movedNames(
  'deploy the chart of the Ory component with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` makes types for the values of the chart',
  [
    'getOryHealthChecks',
    'getOryHelmValueWarnings',
    'getOryMetricSignals',
    'hydraHelmRelease',
    'ketoHelmRelease',
    'kratosHelmRelease',
    'mapOryConfigToHelmValues',
    'oathkeeperHelmRelease',
    'oryHelmRepository',
    'oryIdentityStack',
    'oryKroLiteralSecretSchemaFieldValidations',
    'oryPlatformStack',
    'validateOryConfig',
  ],
);

/** Removed in 1.0: use rule. */
export const { oathkeeperRule } = movedNames('use rule', ['oathkeeperRule']);

/** Removed in 1.0: use oAuth2Client. */
export const { oauth2Client } = movedNames('use oAuth2Client', ['oauth2Client']);
