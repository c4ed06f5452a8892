import { movedNames } from '@typekro/kit/core';

/**
 * Removed in 1.0: the types and checks come with the factories of this entry point; a composition declares its own
 * spec.
 */
export const { CiliumBootstrapSpecSchema, CiliumBootstrapStatusSchema } = movedNames(
  'the types and checks come with the factories of this entry point; a composition declares its own spec',
  ['CiliumBootstrapSpecSchema', 'CiliumBootstrapStatusSchema'],
);

/** Removed in 1.0: every error is a TypeKroError: switch on error.code. */
export const { CiliumConfigurationError, CiliumDeploymentError, CiliumReadinessError, CiliumResourceValidationError } =
  movedNames('every error is a TypeKroError: switch on error.code', [
    'CiliumConfigurationError',
    'CiliumDeploymentError',
    'CiliumReadinessError',
    'CiliumResourceValidationError',
  ]);

/**
 * Removed in 1.0: use ingressClass of typekro/kubernetes, and Ingress of typekro/simple with ingressClassName:
 * 'cilium'.
 */
export const { CiliumIngress, CiliumIngressClass } = movedNames(
  "use ingressClass of typekro/kubernetes, and Ingress of typekro/simple with ingressClassName: 'cilium'",
  ['CiliumIngress', 'CiliumIngressClass'],
);

/** Removed in 1.0: use ciliumClusterwideNetworkPolicy. */
export const { ClusterwideNetworkPolicy } = movedNames('use ciliumClusterwideNetworkPolicy', [
  'ClusterwideNetworkPolicy',
]);

/** Removed in 1.0: use ciliumNetworkPolicy. */
export const { NetworkPolicy } = movedNames('use ciliumNetworkPolicy', ['NetworkPolicy']);

/**
 * Removed in 1.0: deploy the chart of Cilium with helmRelease and helmRepository of typekro/helm; `typekro generate
 * --chart` makes types for the values of the chart.
 */
export const {
  ciliumBootstrap,
  ciliumHelmRelease,
  ciliumHelmRepository,
  mapCiliumConfigToHelmValues,
  validateCiliumHelmValues,
} = movedNames(
  'deploy the chart of Cilium with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` makes types for the values of the chart',
  [
    'ciliumBootstrap',
    'ciliumHelmRelease',
    'ciliumHelmRepository',
    'mapCiliumConfigToHelmValues',
    'validateCiliumHelmValues',
  ],
);

/** Removed in 1.0: each resource has the readiness rule of its kind already; to use another rule, call .withReadinessEvaluator((live) => …). */
export const { ciliumClusterwideNetworkPolicyReadinessEvaluator, ciliumNetworkPolicyReadinessEvaluator } = movedNames(
  'each resource has the readiness rule of its kind already; to use another rule, call .withReadinessEvaluator((live) => …)',
  ['ciliumClusterwideNetworkPolicyReadinessEvaluator', 'ciliumNetworkPolicyReadinessEvaluator'],
);
