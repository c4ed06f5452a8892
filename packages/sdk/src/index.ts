/**
 * TypeKro: resource graphs for Kubernetes, described once as a typed function. `kubernetesComposition` turns the
 * function into a ResourceGraphDefinition. `toYaml()` prints the definition; `factory('kro')` and `factory('direct')`
 * deploy it. Importing this module loads neither a Kubernetes client nor a controller: a factory loads the deploy
 * engine when it first needs a cluster.
 *
 * @packageDocumentation
 */
import { createCompositionApi, defineFactory } from './compose/index.ts';
import type { DefineGraph, KubernetesComposition, ToResourceGraph } from './compose/index.ts';
import { callerPlace } from '@typekro/kit/core';
import { type RuntimeBootstrap, createRuntimeBootstrap } from './factories/bootstrap/runtime-bootstrap.ts';
import type { TypeKroRuntimeOptions } from './factories/bootstrap/runtime-settings.ts';

const api = createCompositionApi({ loadDeploy: async () => (await import('./deploy/index.ts')).createDeployEngine() });

/**
 * Defines a resource graph by a function of its spec. The resources that the function creates become the nodes; its
 * result becomes the status.
 *
 * A second form takes two functions: the first returns the resources by id, and the second computes the status from
 * them.
 *
 * @throws CompositionError when the function cannot be translated exactly. The error names the place and the remedy.
 */
export const kubernetesComposition: KubernetesComposition = api.kubernetesComposition;

/**
 * Defines a resource graph by two functions: the first returns the resources by id, and the second computes the status
 * from them.
 */
export const toResourceGraph: ToResourceGraph = api.toResourceGraph;

/**
 * Defines a graph without an API: one object of the kind Graph (kro 0.10 and newer). The function takes no spec. Values
 * from outside the function become literals. The resources that the function creates become the nodes. `def` names a
 * value that several nodes read, and `patch` adds fields to an existing object. `externalRef` and `externalRefs` read
 * existing objects.
 *
 * @example const web = graph('web', () => { ConfigMap({ name: 'web-cfg', data: { color: 'blue' } }); }, { namespace:
 * 'team-a' });
 * @throws CompositionError when the function cannot be translated exactly. The error names the place and the remedy.
 */
export const graph: DefineGraph = api.graph;

/**
 * The runtime that kro mode needs, as a deployable composition: Flux's controllers, and kro or TypeKro's own
 * controller. `factory('direct').deploy({ namespace })` applies Flux's manifests, waits until the controllers run,
 * installs kro's chart into namespace `kro`, and waits for kro. On an embedded cluster, stand-ins replace Flux's
 * manifests. An existing installation of kro in `kro-system` is kept.
 *
 * @example await typeKroRuntimeBootstrap().factory('direct').deploy({ namespace: 'flux-system' });
 */
export const typeKroRuntimeBootstrap: (options?: TypeKroRuntimeOptions) => RuntimeBootstrap =
  defineFactory(bootstrapOf);

function bootstrapOf(options: TypeKroRuntimeOptions = {}): RuntimeBootstrap {
  const install: Parameters<typeof createRuntimeBootstrap>[1]['install'] = async (installation) =>
    (await import('./deploy/index.ts')).installRuntimeOnDemand(installation);
  return createRuntimeBootstrap(options, { api, install }, callerPlace());
}

export type { RuntimeBootstrap, RuntimeFactory } from './factories/bootstrap/runtime-bootstrap.ts';
export type { TypeKroRuntimeOptions } from './factories/bootstrap/runtime-settings.ts';
export type { TypeKroRuntimeSpec, TypeKroRuntimeStatus } from './factories/bootstrap/runtime.ts';
export type {
  AddedMetadata,
  AliasDefinitions,
  Aliases,
  ApiVersion,
  ArgoOptions,
  CelPart,
  CelValue,
  Composition,
  CompositionDefinition,
  CompositionNames,
  CompositionOptions,
  Computed,
  ConvertedFields,
  ConvertSpec,
  DeclaredComposition,
  DefineGraph,
  DefinitionStatus,
  DeletionResult,
  DeployCallOptions,
  DeployOptions,
  InstanceName,
  InstancePlace,
  DeployedGraph,
  DeployedInstance,
  DeployEvent,
  DeployEventContent,
  DerivedField,
  DryRunResult,
  EmitOptions,
  EvaluatedResource,
  Evaluation,
  EventMonitoring,
  Factory,
  FactoryOptions,
  FactoryStatus,
  FlatDefinition,
  FluxOptions,
  GitOpsFiles,
  GitOpsOptions,
  GraphComposition,
  GraphFactory,
  GraphFactoryOptions,
  GraphOptions,
  InferInput,
  InferSchema,
  InstanceMetadata,
  InVersion,
  JsonSchemaInput,
  KeysOfAny,
  KnownFields,
  KubeConfigSource,
  KubernetesComposition,
  Manifest,
  MissingFields,
  Mode,
  NestedComposition,
  NestedDefinition,
  NoVersions,
  OtherFields,
  OwnCondition,
  OwnConditions,
  Plan,
  PlanChange,
  PrinterColumn,
  PropagationProgress,
  ReadinessResult,
  ReferencesTo,
  RequiredKeys,
  Resource,
  ResourceEntry,
  ResourceHandle,
  ResourceList,
  ResourceMetadata,
  ResourceOptions,
  RetryPolicy,
  ReturnedStatus,
  RollbackResult,
  SchemaInput,
  SchemaReference,
  ServedKind,
  SpecOfVersion,
  StatusOf,
  StatusResult,
  Target,
  ToResourceGraph,
  UndeclaredFields,
  UndeclaredStatusField,
  UnknownVersionField,
  VersionedDefinition,
  VersionInputs,
  VersionSchemas,
  Widened,
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
  ExternalReference,
  ExternalReferences,
  LabelSelector,
  PartOf,
  Patch,
  PatchFields,
  PatchMetadata,
  PatchOptions,
  Quantity,
  SingletonHandle,
} from './compose/index.ts';
export type { ObjectOutcome } from '@typekro/engine/runtime';
export {
  alias,
  aliases,
  Cel,
  cel,
  CompositionError,
  computed,
  createResource,
  def,
  externalRef,
  externalRefs,
  gitOpsFiles,
  isQuantity,
  observedResource,
  opaque,
  patch,
  quantity,
  resourceFactory,
  singleton,
  wholeResourceFactory,
} from './compose/index.ts';
export * from './aspect-names.ts';
export { simple } from './factories/simple/index.ts';
export type {
  Diagnostic,
  JsonObject,
  JsonValue,
  KubeObject,
  ObjectMeta,
  ObjectRef,
  OwnerReference,
  Severity,
  SourcePosition,
  TypeKroErrorDetails,
  MovedName,
} from '@typekro/kit/core';
export { formatDiagnostic, TypeKroError } from '@typekro/kit/core';
export * from './generated/moved.ts';
