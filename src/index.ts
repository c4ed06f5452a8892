/**
 * TypeKro: resource graphs for Kubernetes, described once as a typed function. `kubernetesComposition`
 * turns the function into a ResourceGraphDefinition; `toYaml()` prints it, `factory('kro')` and
 * `factory('direct')` deploy it. Importing this loads neither a Kubernetes client nor a controller: the
 * deploy engine comes in when a factory first needs a cluster.
 *
 * @packageDocumentation
 */
import { createCompositionApi } from './compose/index.ts';

const api = createCompositionApi({
  loadDeploy: async () => (await import('./deploy/index.ts')).createDeployEngine(),
});

/**
 * Defines a resource graph by a function of its spec: the resources that it creates become the nodes, what
 * it returns becomes the status.
 *
 * Or by two functions: resources by key (the keys are the ids), and the status from them.
 *
 * @throws CompositionError when the function cannot be translated exactly; it names the place and the remedy.
 */
export const kubernetesComposition = api.kubernetesComposition;

/** Defines a resource graph by two functions: resources by key (the keys are the ids), and the status from them. */
export const toResourceGraph = api.toResourceGraph;

export type {
  Composition,
  CompositionDefinition,
  CompositionOptions,
  DefinitionStatus,
  DeletionResult,
  DeployCallOptions,
  DeployedInstance,
  DeployEvent,
  DryRunResult,
  EvaluatedResource,
  Evaluation,
  Factory,
  FactoryOptions,
  FactoryStatus,
  Manifest,
  NestedComposition,
  Resource,
  ResourceHandle,
  ResourceOptions,
  RollbackResult,
} from './compose/index.ts';
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
} from './compose/index.ts';
export {
  alias,
  aliases,
  Cel,
  cel,
  CompositionError,
  computed,
  createResource,
  externalRef,
  isQuantity,
  observedResource,
  opaque,
  quantity,
  resourceFactory,
  singleton,
  wholeResourceFactory,
} from './compose/index.ts';
export type { ExternalReference, Quantity, SingletonHandle } from './compose/index.ts';
export * from './compose/aspects/index.ts';
export { simple } from './factories/simple/index.ts';
export type { Diagnostic, JsonObject, JsonValue, KubeObject, ObjectRef, SourcePosition } from './core/index.ts';
export { formatDiagnostic, TypeKroError } from './core/index.ts';
