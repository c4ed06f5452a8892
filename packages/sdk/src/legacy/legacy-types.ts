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
import type { JsonObject, KubeObject } from '@typekro/kit/core';

/** A resource of a composition with a spec and a status: `Resource`. */
export type Enhanced<Spec, Status> = Resource<{ readonly spec: Spec; readonly status: Status }>;

/** The value of a field of the spec or of a resource. It has the type of the field. */
export type KubernetesRef<T = unknown> = T;

/** The value of a hand-written CEL expression. */
export type CelExpression<T = unknown> = T & CelValue;

/** A value, a reference to a field, or hand-written CEL. */
export type RefOrValue<T> = T | CelValue;

/** The same as `RefOrValue`. */
export type MagicAssignable<T> = T | CelValue;

/** The same as `RefOrValue`. */
export type MagicValue<T> = T | CelValue;

/** Arguments of a factory or a composition. Each argument may be computed. */
export type Composable<T> = Computed<T> & object;

/** A resource whose fields an expression reads. The same as `T`. */
export type MagicProxy<T> = T;

/** The spec of an instance, and its metadata. */
export type SchemaProxy<Spec, _Status = unknown> = SchemaReference<Spec>;

/** The argument of a composition function: the spec. */
export type SchemaMagicProxy<T> = T;

/** A composition: `Composition`. */
export type TypedResourceGraph<Spec, Status> = Composition<Spec, Status>;

/** A composition that another composition may call: `Composition`. */
export type CallableComposition<Spec, Status> = Composition<Spec, Status>;

/** The result of a composition that was called inside another composition: `NestedComposition`. */
export type NestedCompositionResource<_Spec, Status> = NestedComposition<Status>;

/** Names and schemas of a composition: `CompositionDefinition`. */
export type ResourceGraphDefinition = CompositionDefinition<SchemaInput, SchemaInput>;

/** A factory in direct mode: `Factory`. */
export type DirectResourceFactory<Spec, Status> = Factory<Spec, Spec, Status>;

/** A factory in kro mode: `Factory`. */
export type KroResourceFactory<Spec, Status> = Factory<Spec, Spec, Status>;

/** The result of `deploy()`: `DeployedInstance`. */
export type DeploymentResult<Spec = JsonObject, Status = JsonObject> = DeployedInstance<Spec, Status>;

/** An event of a deploy: `DeployEvent`. */
export type DeploymentEvent = DeployEvent;

/** The settings for reports of Kubernetes events: `EventMonitoring`. */
export type EventMonitoringConfig = EventMonitoring;

/** Options of a factory: `FactoryOptions`. */
export type { FactoryOptions as PublicFactoryOptions, Mode as DeploymentMode } from '../compose/index.ts';

/** The result of a readiness function. */
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

/** The constraint for the types of specs and statuses. */
export type KroCompatibleType = object;

/** The type that a schema describes. */
export type InferType<S> = S extends { readonly infer: infer T } ? T : never;
