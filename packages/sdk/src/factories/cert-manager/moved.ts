import { movedNames } from '@typekro/kit/core';

/**
 * Removed in 1.0: the types and checks come with the factories of this entry point; a composition declares its own
 * spec.
 */
export const { CertManagerBootstrapConfigSchema, CertManagerBootstrapStatusSchema } = movedNames(
  'the types and checks come with the factories of this entry point; a composition declares its own spec',
  ['CertManagerBootstrapConfigSchema', 'CertManagerBootstrapStatusSchema'],
);

/**
 * Removed in 1.0: deploy the chart of cert-manager with helmRelease and helmRepository of typekro/helm; `typekro
 * generate --chart` makes types for the values of the chart.
 */
export const {
  certManagerBootstrap,
  certManagerHelmRelease,
  certManagerHelmRepository,
  validateCertManagerHelmValues,
} = movedNames(
  'deploy the chart of cert-manager with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` makes types for the values of the chart',
  ['certManagerBootstrap', 'certManagerHelmRelease', 'certManagerHelmRepository', 'validateCertManagerHelmValues'],
);
