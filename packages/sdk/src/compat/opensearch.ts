/**
 * Names of the entry point `typekro/opensearch` of TypeKro 0.33. Importing these names does not fail. The first use of
 * one throws an error whose remedy says what replaces it.
 *
 * @packageDocumentation
 */
import { movedNames } from '@typekro/kit/core';

/**
 * Removed in 1.0: make factories from the CRDs of the OpenSearch operator with `typekro generate`; deploy the chart of
 * the OpenSearch operator with helmRelease of typekro/helm.
 */
export const {
  DEFAULT_OPENSEARCH_OPERATOR_NAMESPACE,
  DEFAULT_OPENSEARCH_OPERATOR_REPOSITORY_NAME,
  DEFAULT_OPENSEARCH_OPERATOR_REPOSITORY_URL,
  DEFAULT_OPENSEARCH_OPERATOR_VERSION,
  OPENSEARCH_HTTP_PORT,
  OPENSEARCH_OPERATOR_CHART_NAME,
  OpenSearchClusterConfigSchema,
  OpenSearchClusterStatusSchema,
  OpenSearchHelmRepositorySingletonSpecSchema,
  OpenSearchHelmRepositorySingletonStatusSchema,
  OpenSearchOperatorBootstrapConfigSchema,
  OpenSearchOperatorBootstrapStatusSchema,
  OpenSearchOperatorReferenceConfigSchema,
  makeOpenSearchCluster,
  makeOpenSearchOperatorBootstrap,
  openSearchCluster,
  openSearchClusterReadinessEvaluator,
  openSearchClusterResource,
  openSearchHelmRepositoryBootstrap,
  openSearchOperatorBootstrap,
  openSearchOperatorHelmRelease,
  openSearchOperatorHelmRepository,
  openSearchOperatorInstallation,
} = movedNames(
  'make factories from the CRDs of the OpenSearch operator with `typekro generate`; deploy the chart of the OpenSearch operator with helmRelease of typekro/helm',
  [
    'DEFAULT_OPENSEARCH_OPERATOR_NAMESPACE',
    'DEFAULT_OPENSEARCH_OPERATOR_REPOSITORY_NAME',
    'DEFAULT_OPENSEARCH_OPERATOR_REPOSITORY_URL',
    'DEFAULT_OPENSEARCH_OPERATOR_VERSION',
    'OPENSEARCH_HTTP_PORT',
    'OPENSEARCH_OPERATOR_CHART_NAME',
    'OpenSearchClusterConfigSchema',
    'OpenSearchClusterStatusSchema',
    'OpenSearchHelmRepositorySingletonSpecSchema',
    'OpenSearchHelmRepositorySingletonStatusSchema',
    'OpenSearchOperatorBootstrapConfigSchema',
    'OpenSearchOperatorBootstrapStatusSchema',
    'OpenSearchOperatorReferenceConfigSchema',
    'makeOpenSearchCluster',
    'makeOpenSearchOperatorBootstrap',
    'openSearchCluster',
    'openSearchClusterReadinessEvaluator',
    'openSearchClusterResource',
    'openSearchHelmRepositoryBootstrap',
    'openSearchOperatorBootstrap',
    'openSearchOperatorHelmRelease',
    'openSearchOperatorHelmRepository',
    'openSearchOperatorInstallation',
  ],
);
