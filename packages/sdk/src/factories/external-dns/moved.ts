import { movedNames } from '@typekro/kit/core';

/**
 * Removed in 1.0: the types and checks come with the factories of this entry point; a composition declares its own
 * spec.
 */
export const { ExternalDnsBootstrapConfigSchema, ExternalDnsBootstrapStatusSchema } = movedNames(
  'the types and checks come with the factories of this entry point; a composition declares its own spec',
  ['ExternalDnsBootstrapConfigSchema', 'ExternalDnsBootstrapStatusSchema'],
);

/**
 * Removed in 1.0: deploy the chart of ExternalDNS with helmRelease and helmRepository of typekro/helm; `typekro
 * generate --chart` makes types for the values of the chart.
 */
export const {
  externalDnsBootstrap,
  externalDnsHelmRelease,
  externalDnsHelmRepository,
  mapExternalDnsConfigToHelmValues,
  validateExternalDnsHelmValues,
} = movedNames(
  'deploy the chart of ExternalDNS with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` makes types for the values of the chart',
  [
    'externalDnsBootstrap',
    'externalDnsHelmRelease',
    'externalDnsHelmRepository',
    'mapExternalDnsConfigToHelmValues',
    'validateExternalDnsHelmValues',
  ],
);
