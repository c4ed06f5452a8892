import { movedNames } from '../../core/index.ts';

/** Gone: the types and checks come with the factories of this entry point; a composition declares its own spec. */
export const { CiliumBootstrapSpecSchema, CiliumBootstrapStatusSchema } = movedNames(
  'the types and checks come with the factories of this entry point; a composition declares its own spec',
  ['CiliumBootstrapSpecSchema', 'CiliumBootstrapStatusSchema'],
);

/** Gone: every error is a TypeKroError: switch on error.code. */
export const { CiliumConfigurationError, CiliumDeploymentError, CiliumReadinessError, CiliumResourceValidationError } =
  movedNames('every error is a TypeKroError: switch on error.code', [
    'CiliumConfigurationError',
    'CiliumDeploymentError',
    'CiliumReadinessError',
    'CiliumResourceValidationError',
  ]);

/** Gone: use ingressClass of typekro/kubernetes, and Ingress of typekro/simple with ingressClassName: 'cilium'. */
export const { CiliumIngress, CiliumIngressClass } = movedNames(
  "use ingressClass of typekro/kubernetes, and Ingress of typekro/simple with ingressClassName: 'cilium'",
  ['CiliumIngress', 'CiliumIngressClass'],
);

/** Gone: use ciliumClusterwideNetworkPolicy. */
export const { ClusterwideNetworkPolicy } = movedNames('use ciliumClusterwideNetworkPolicy', [
  'ClusterwideNetworkPolicy',
]);

/** Gone: use ciliumNetworkPolicy. */
export const { NetworkPolicy } = movedNames('use ciliumNetworkPolicy', ['NetworkPolicy']);

/** Gone: deploy its chart with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` types its values. */
export const {
  ciliumBootstrap,
  ciliumHelmRelease,
  ciliumHelmRepository,
  mapCiliumConfigToHelmValues,
  validateCiliumHelmValues,
} = movedNames(
  'deploy its chart with helmRelease and helmRepository of typekro/helm; `typekro generate --chart` types its values',
  [
    'ciliumBootstrap',
    'ciliumHelmRelease',
    'ciliumHelmRepository',
    'mapCiliumConfigToHelmValues',
    'validateCiliumHelmValues',
  ],
);

/** Gone: the rule of the kind applies without a call; .withReadinessEvaluator((live) => …) replaces it. */
export const { ciliumClusterwideNetworkPolicyReadinessEvaluator, ciliumNetworkPolicyReadinessEvaluator } = movedNames(
  'the rule of the kind applies without a call; .withReadinessEvaluator((live) => …) replaces it',
  ['ciliumClusterwideNetworkPolicyReadinessEvaluator', 'ciliumNetworkPolicyReadinessEvaluator'],
);
