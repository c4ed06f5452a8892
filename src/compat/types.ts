import type {
  CelValue,
  Composition,
  CompositionDefinition,
  Computed,
  DeployedInstance,
  DeployEvent,
  EventMonitoring,
  Factory,
  NestedComposition,
  ReadinessResult,
  Resource,
  SchemaInput,
  SchemaReference,
} from '../compose/index.ts';
import type { JsonObject, KubeObject } from '../core/index.ts';

/** A resource of a composition with a spec and a status: `Resource`. */
export type Enhanced<Spec, Status> = Resource<{ readonly spec: Spec; readonly status: Status }>;

/** A read of the spec or of a resource; its type is that of the field. */
export type KubernetesRef<T = unknown> = T;

/** What hand-written CEL gives. */
export type CelExpression<T = unknown> = T & CelValue;

/** A value, a read, or hand-written CEL. */
export type RefOrValue<T> = T | CelValue;

/** The same as `RefOrValue`. */
export type MagicAssignable<T> = T | CelValue;

/** The same as `RefOrValue`. */
export type MagicValue<T> = T | CelValue;

/** Arguments of a factory or a composition, of which each may be computed. */
export type Composable<T> = Computed<T> & object;

/** A resource whose fields are read. */
export type MagicProxy<T> = T;

/** The spec of an instance, and its metadata. */
export type SchemaProxy<Spec, _Status = unknown> = SchemaReference<Spec>;

/** What a composition function is given. */
export type SchemaMagicProxy<T> = T;

/** A composition: `Composition`. */
export type TypedResourceGraph<Spec, Status> = Composition<Spec, Status>;

/** A composition, which another one may call: `Composition`. */
export type CallableComposition<Spec, Status> = Composition<Spec, Status>;

/** A composition that was called inside another one: `NestedComposition`. */
export type NestedCompositionResource<_Spec, Status> = NestedComposition<Status>;

/** Names and schemas of a composition: `CompositionDefinition`. */
export type ResourceGraphDefinition = CompositionDefinition<SchemaInput, SchemaInput>;

/** A way to deploy in direct mode: `Factory`. */
export type DirectResourceFactory<Spec, Status> = Factory<Spec, Spec, Status>;

/** A way to deploy in kro mode: `Factory`. */
export type KroResourceFactory<Spec, Status> = Factory<Spec, Spec, Status>;

/** What `deploy()` answers: `DeployedInstance`. */
export type DeploymentResult<Spec = JsonObject, Status = JsonObject> = DeployedInstance<Spec, Status>;

/** Something that happened while deploying: `DeployEvent`. */
export type DeploymentEvent = DeployEvent;

/** Which events of objects are told: `EventMonitoring`. */
export type EventMonitoringConfig = EventMonitoring;

/** Options of a factory: `FactoryOptions`. */
export type { FactoryOptions as PublicFactoryOptions, Mode as DeploymentMode } from '../compose/index.ts';

/** The answer of a readiness function. */
export type ResourceStatus = ReadinessResult;

/** A readiness function, for `withReadinessEvaluator`. */
export type ReadinessEvaluator = (live: KubeObject) => ReadinessResult;

/** A Kubernetes object with a spec and a status. */
export interface KubernetesResource<Spec = unknown, Status = unknown> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubeObject['metadata'];
  readonly spec?: Spec;
  readonly status?: Status;
  readonly id?: string;
}

/** What a spec or a status may be. */
export type KroCompatibleType = object;

/** The type that a schema describes. */
export type InferType<S> = S extends { readonly infer: infer T } ? T : never;
