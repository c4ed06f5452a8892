import { movedNames } from '@typekro/kit/core';

/** Removed in 1.0: composition.evaluate(spec, observed) reports for each resource what is pending and why. */
export const { CelEvaluationError } = movedNames(
  'composition.evaluate(spec, observed) reports for each resource what is pending and why',
  ['CelEvaluationError'],
);

/**
 * Removed in 1.0: the types and checks come with the factories of this entry point; a composition declares its own
 * spec.
 */
export const { CiliumBootstrapSpecSchema, CiliumBootstrapStatusSchema } = movedNames(
  'the types and checks come with the factories of this entry point; a composition declares its own spec',
  ['CiliumBootstrapSpecSchema', 'CiliumBootstrapStatusSchema'],
);

/** Removed in 1.0: every error is a TypeKroError: switch on error.code. */
export const {
  CiliumConfigurationError,
  CiliumDeploymentError,
  CiliumReadinessError,
  CiliumResourceValidationError,
  ResourceDeletionIncompleteError,
  ResourceDeploymentError,
  ResourceReadinessTimeoutError,
  ResourceReplacementTimeoutError,
  ServerSideApplyConflictError,
} = movedNames('every error is a TypeKroError: switch on error.code', [
  'CiliumConfigurationError',
  'CiliumDeploymentError',
  'CiliumReadinessError',
  'CiliumResourceValidationError',
  'ResourceDeletionIncompleteError',
  'ResourceDeploymentError',
  'ResourceReadinessTimeoutError',
  'ResourceReplacementTimeoutError',
  'ServerSideApplyConflictError',
]);

/**
 * Removed in 1.0: use ingressClass of typekro/kubernetes, and Ingress of typekro/simple with ingressClassName:
 * 'cilium'.
 */
export const { CiliumIngress, CiliumIngressClass } = movedNames(
  "use ingressClass of typekro/kubernetes, and Ingress of typekro/simple with ingressClassName: 'cilium'",
  ['CiliumIngress', 'CiliumIngressClass'],
);

/** Removed in 1.0: use ciliumClusterwideNetworkPolicy of typekro/cilium. */
export const { ClusterwideNetworkPolicy } = movedNames('use ciliumClusterwideNetworkPolicy of typekro/cilium', [
  'ClusterwideNetworkPolicy',
]);

/** Removed in 1.0: composition.explain() and composition.diagnostics show how a composition was translated. */
export const {
  CompositionDebugger,
  clearCompositionDebugLogs,
  disableCompositionDebugging,
  enableCompositionDebugging,
  getCompositionDebugLogs,
} = movedNames('composition.explain() and composition.diagnostics show how a composition was translated', [
  'CompositionDebugger',
  'clearCompositionDebugLogs',
  'disableCompositionDebugging',
  'enableCompositionDebugging',
  'getCompositionDebugLogs',
]);

/** Removed in 1.0: composition.factory('direct') deploys and waits for readiness. */
export const { DirectDeploymentEngine, ResourceReadinessChecker } = movedNames(
  "composition.factory('direct') deploys and waits for readiness",
  ['DirectDeploymentEngine', 'ResourceReadinessChecker'],
);

/** Removed in 1.0: use ciliumNetworkPolicy of typekro/cilium. */
export const { NetworkPolicy } = movedNames('use ciliumNetworkPolicy of typekro/cilium', ['NetworkPolicy']);

/** Removed in 1.0: composition.toDefinition() has the schema as spec.schema. */
export const { arktypeToKroSchema, generateKroSchema, generateKroSchemaFromArktype } = movedNames(
  'composition.toDefinition() has the schema as spec.schema',
  ['arktypeToKroSchema', 'generateKroSchema', 'generateKroSchemaFromArktype'],
);

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

/** Removed in 1.0: read release.status.conditions, or call .withReadinessEvaluator((live) => …) on the release. */
export const {
  createComprehensiveHelmReadinessEvaluator,
  createHelmRevisionReadinessEvaluator,
  createHelmTestReadinessEvaluator,
  createHelmTimeoutReadinessEvaluator,
  createLabeledHelmReleaseEvaluator,
  helmReleaseConditionSummary,
} = movedNames('read release.status.conditions, or call .withReadinessEvaluator((live) => …) on the release', [
  'createComprehensiveHelmReadinessEvaluator',
  'createHelmRevisionReadinessEvaluator',
  'createHelmTestReadinessEvaluator',
  'createHelmTimeoutReadinessEvaluator',
  'createLabeledHelmReleaseEvaluator',
  'helmReleaseConditionSummary',
]);

/** Removed in 1.0: use Deployment and Service of typekro/simple. */
export const { createWebService } = movedNames('use Deployment and Service of typekro/simple', ['createWebService']);

/** Removed in 1.0: createResource gives factories access to the running composition. */
export const { getCurrentCompositionContext } = movedNames(
  'createResource gives factories access to the running composition',
  ['getCurrentCompositionContext'],
);

/** Removed in 1.0: composition.toYaml() prints the definition. */
export const { serializeResourceGraphToYaml } = movedNames('composition.toYaml() prints the definition', [
  'serializeResourceGraphToYaml',
]);

/**
 * Removed in 1.0: no call is needed: composition.toYaml() and composition.toDefinition() refuse definitions that kro
 * would refuse.
 */
export const { validateResourceGraph } = movedNames(
  'no call is needed: composition.toYaml() and composition.toDefinition() refuse definitions that kro would refuse',
  ['validateResourceGraph'],
);

/** Removed in 1.0: read and parse the file before the composition, and call createResource for each document. */
export const { yamlDirectory, yamlFile } = movedNames(
  'read and parse the file before the composition, and call createResource for each document',
  ['yamlDirectory', 'yamlFile'],
);
