import { movedNames } from '../../core/index.ts';

/**
 * Removed in 1.0: the types and checks come with the factories of this entry point; a composition declares its own
 * spec.
 */
export const { CertManagerBootstrapConfigSchema, CertManagerBootstrapStatusSchema } = movedNames(
  'the types and checks come with the factories of this entry point; a composition declares its own spec',
  ['CertManagerBootstrapConfigSchema', 'CertManagerBootstrapStatusSchema'],
);

/**
 * Removed in 1.0: deploy its chart with helmRelease and helmRepository of typekro/helm; `typekro generate --chart`
 * types its values.
 */
export const {
  certManagerBootstrap,
  certManagerHelmRelease,
  certManagerHelmRepository,
  validateCertManagerHelmValues,
} = movedNames(
  'deploy its chart with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` types its values',
  ['certManagerBootstrap', 'certManagerHelmRelease', 'certManagerHelmRepository', 'validateCertManagerHelmValues'],
);
