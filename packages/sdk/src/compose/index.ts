/**
 * Translates a typed TypeScript function to a resource graph. The source of the function is interpreted with symbolic
 * values. Its `if`, loops, helpers, template strings and early returns become conditions, collections and CEL. A
 * composition is translated exactly, or refused with the line and a remedy. The caller supplies the engine that deploys
 * a composition.
 *
 * @packageDocumentation
 */
export type {
  DeclaredComposition,
  KeysOfAny,
  KubernetesComposition,
  OtherFields,
  OwnCondition,
  OwnConditions,
  ReferencesTo,
  RequiredKeys,
  ResourceEntry,
  ReturnedStatus,
  StatusOf,
  ToResourceGraph,
  MissingFields,
  UndeclaredFields,
  UndeclaredStatusField,
  Widened,
} from './composition-api.ts';
export type {
  DefinitionStatus,
  DeletionResult,
  DeployCallOptions,
  DeployOptions,
  InstanceName,
  InstancePlace,
  DeployedInstance,
  DeployEngine,
  DeployEvent,
  DeployEventContent,
  DeployTarget,
  DryRunResult,
  EventMonitoring,
  Factory,
  FactoryOptions,
  FactoryStatus,
  KubeConfigSource,
  Mode,
  Plan,
  PlanChange,
  RetryPolicy,
  RollbackResult,
} from './deploy-engine.ts';
export type {
  DefineGraph,
  DeployedGraph,
  GraphComposition,
  GraphFactory,
  GraphFactoryOptions,
  GraphOptions,
} from './graph-type.ts';
export type { Composition, NestedComposition, ResourceList } from './composition-type.ts';
export { isCompositionName } from './definition-names.ts';
export type { AddedMetadata, PrinterColumn, ServedKind } from './served-kind.ts';
export type {
  CelValue,
  CompositionDefinition,
  CompositionNames,
  CompositionOptions,
  Computed,
  EmitOptions,
  EvaluatedResource,
  Evaluation,
  FlatDefinition,
  InferInput,
  InferSchema,
  InstanceMetadata,
  JsonSchemaInput,
  NestedDefinition,
  ReadinessResult,
  Resource,
  PropagationProgress,
  ResourceHandle,
  ResourceMetadata,
  SchemaInput,
  SchemaReference,
  StatusResult,
  Target,
} from './public-types.ts';
export type { AnyAspect } from './aspect-types.ts';
export type { CelPart } from './cel-api.ts';
export type { CompositionApiOptions } from './factory/factory.ts';
export { interpretModule } from './interpret-module.ts';
export type { ModuleText } from './interpret-module.ts';
export type { Manifest } from './resources/create-resource.ts';
export type { DerivedField, ResourceOptions } from './trace/records.ts';
export { Cel, cel } from './cel-api.ts';
export { traceCodes } from './refusal/codes.ts';
export { createCompositionApi } from './create-api.ts';
export type { CompositionApi } from './create-api.ts';
export { isCounter } from './library/kind-type.ts';
export { createResource } from './resources/create-resource.ts';
export { alias, aliases, computed } from './computed.ts';
export type { AliasDefinitions, Aliases } from './computed.ts';
export { def } from './resources/def.ts';
export { externalRef, externalRefs, observedResource } from './resources/external-ref.ts';
export type { ExternalReference, ExternalReferences, LabelSelector } from './resources/external-ref.ts';
export { patch } from './resources/patch.ts';
export type { PartOf, Patch, PatchFields, PatchMetadata, PatchOptions } from './resources/patch.ts';
export {
  textArgument,
  ifPresent,
  isListArgument,
  isNumberArgument,
  isObjectArgument,
  isTextArgument,
  joinLists,
  mapEntries,
  mapList,
  mapValues,
  memberOf,
  mergeObjects,
  present,
  withDefault,
} from './factory-helpers.ts';
export { isPlainText } from './argument-shapes.ts';
export type { ArgumentShape } from './argument-shapes.ts';
export type { ArgumentTable } from './factory-arguments.ts';
export { argumentMembers, requireKnown, takeArguments } from './factory-arguments.ts';
export type { ArgoOptions, FluxOptions, GitOpsFiles, GitOpsOptions } from './gitops/index.ts';
export { gitOpsFiles } from './gitops/index.ts';
export { defineResourceFactory } from './resources/define-resource-factory.ts';
export { defineFactory, opaque } from './value/native-functions.ts';
export { isQuantity, quantity } from './quantity.ts';
export type { Quantity } from './quantity.ts';
export { singleton } from './singleton.ts';
export type { SingletonHandle } from './singleton.ts';
export { CompositionError } from './refusal/refusal.ts';
export type {
  FactoryExtras,
  FactoryInput,
  KindFacts,
  MetadataInput,
  NamedInput,
  OwnerReferenceInput,
  Read,
  ResourceFactory,
  ResourceFactoryOptions,
  Settable,
  WholeInput,
  WholeResourceFactory,
} from './resource-factory.ts';
export { resourceFactory, waitingFor, wholeResourceFactory } from './resource-factory.ts';
export { withUnknownKinds } from './schemas.ts';
