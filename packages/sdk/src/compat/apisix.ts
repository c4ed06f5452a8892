/**
 * Names of the entry point `typekro/apisix` of TypeKro 0.33. Importing these names does not fail. The first use of one
 * throws an error whose remedy says what replaces it.
 *
 * @packageDocumentation
 */
import { movedNames } from '@typekro/kit/core';

/**
 * Removed in 1.0: make factories from the CRDs of APISIX with `typekro generate`; deploy the chart of APISIX with
 * helmRelease of typekro/helm.
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
} = movedNames(
  'make factories from the CRDs of APISIX with `typekro generate`; deploy the chart of APISIX with helmRelease of typekro/helm',
  [
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
  ],
);
