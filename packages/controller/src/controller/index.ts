/**
 * The controller. It reconciles definitions, graph revisions, instances and, with the feature `graphKind`, Graphs.
 * Watches and due retries start its passes. `runtime` makes every decision about a graph, `execute` carries the
 * decisions out, and `kube` sends the requests. This folder has the work queue, the watch cache (which holds
 * projections), the conditions, and the revisions.
 *
 * @packageDocumentation
 */
export * from './entry.ts';
export { LEASE_NAME } from './current-controller.ts';
export { failureLogger } from './logger.ts';
export { DEFINITIONS_CRD, publishedFlags, publishFlags } from './published-flags.ts';
export { RECONCILE_REQUEST, reconcileRequest } from './reconcile-request.ts';
export { type FeatureGates, compileFeatures, featureGates, readFeatureGates } from './feature-gates.ts';
export { AGGREGATION_LABEL } from './install/definition-roles.ts';
export { controllerRules, rightsOfFlags, withFlagRights } from './install/manifests.ts';
export { ConversionManifests } from './install/conversion-manifests.ts';
export * from './definition/definition-object.ts';
export {
  type LiveDefinition,
  compileLive,
  compileLiveDocument,
  declaredResource,
  isKindRefused,
  liveCrd,
  liveDefinition,
  liveChange,
  liveRevision,
} from './definition/live-definition.ts';
export { type LiveGraph, type LiveGraphOptions, liveGraph } from './graph/live-graph.ts';
export { type DefinitionRevision, definitionRevisions, revisionsIn } from './definition/definition-revisions.ts';
export { type ControllerSettings, assumedSettings, compileOptionsOf, settingsOf, withLevel } from './settings.ts';
export { SIGNATURE_ANNOTATION, signatureOf, signatureProblem, signedBytes } from './definition/definition-signature.ts';
export { PIN_ANNOTATION, otherHub, pinFailure, pinnedRevision } from './definition/revision.ts';
export type { Deferral, DefinitionPreview, DefinitionPreviewInput } from './definition/preview-definition.ts';
export { readPolicies } from './definition/definition-policies.ts';
export { previewDefinition } from './definition/preview-definition.ts';
export type { RolloutPreview } from './rollout/preview-rollout.ts';
export { instanceKey } from './rollout/canary.ts';
export { possibleBases } from './rollout/rollouts.ts';
export { runningRollout } from './rollout/running-rollout.ts';
