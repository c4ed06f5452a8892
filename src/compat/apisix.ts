/**
 * Names of the entry point `typekro/apisix` of TypeKro 0.33. A program that imports them loads; the use of a name
 * throws an error that names the replacement.
 *
 * @packageDocumentation
 */
import { movedNames } from '../core/index.ts';

/**
 * Removed in 1.0: `typekro generate` makes factories from its CRDs; deploy its chart with helmRelease of typekro/helm.
 */
export const {
  APISixBootstrapConfigSchema,
  APISixBootstrapStatusSchema,
  APISixHelmRepositorySingletonSpecSchema,
  APISixHelmRepositorySingletonStatusSchema,
  apisixBootstrap,
  apisixHelmRelease,
  apisixHelmReleaseReadinessEvaluator,
  apisixHelmRepository,
  apisixHelmRepositoryBootstrap,
  mapAPISixBootstrapConfigToHelmValues,
  mapAPISixConfigToHelmValues,
  validateAPISixHelmValues,
} = movedNames('`typekro generate` makes factories from its CRDs; deploy its chart with helmRelease of typekro/helm', [
  'APISixBootstrapConfigSchema',
  'APISixBootstrapStatusSchema',
  'APISixHelmRepositorySingletonSpecSchema',
  'APISixHelmRepositorySingletonStatusSchema',
  'apisixBootstrap',
  'apisixHelmRelease',
  'apisixHelmReleaseReadinessEvaluator',
  'apisixHelmRepository',
  'apisixHelmRepositoryBootstrap',
  'mapAPISixBootstrapConfigToHelmValues',
  'mapAPISixConfigToHelmValues',
  'validateAPISixHelmValues',
]);
