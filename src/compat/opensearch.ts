/**
 * Names of the entry point `typekro/opensearch` of TypeKro 0.33. A program that imports them loads; the use of a name
 * throws an error that names the replacement.
 *
 * @packageDocumentation
 */
import { movedNames } from '../core/index.ts';

/**
 * Removed in 1.0: `typekro generate` makes factories from its CRDs; deploy its chart with helmRelease of typekro/helm.
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
} = movedNames('`typekro generate` makes factories from its CRDs; deploy its chart with helmRelease of typekro/helm', [
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
]);
