import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { Schema } from '@typekro/engine/schema';
import type { AnyAspect } from './aspect-types.ts';
import type { ServedKind } from './served-kind.ts';

/** A plain JSON Schema, for definitions that use no schema library. The TypeScript type is then `JsonObject`. */
export interface JsonSchemaInput {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly [keyword: string]: unknown;
}

/** A schema of a spec or status: any Standard Schema (arktype, zod, valibot, …) or a JSON Schema. */
export type SchemaInput = StandardSchemaV1 | JsonSchemaInput;

/** The TypeScript type that the composition function sees for the values of a schema. */
export type InferSchema<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<S> : JsonObject;

/** The TypeScript type that a caller passes in: fields with a default are optional. */
export type InferInput<S> = S extends StandardSchemaV1 ? StandardSchemaV1.InferInput<S> : JsonObject;

/** The name of a composition's definition, and the names and options of the kind that the definition serves. */
export interface CompositionNames extends ServedKind {
  /** Name of the definition, which is converted to small letters (`myApp` → `my-app`). */
  readonly name: string;
  /** `version` or `group/version`; `v1alpha1` when absent. */
  readonly apiVersion?: string;
  /** API group of the instances; kro's own (`kro.run`) when absent. */
  readonly group?: string;
  /** Kind of the instances; the name in PascalCase when absent. */
  readonly kind?: string;
}

/** A definition with its schemas as the members `spec` and `status`. */
export interface FlatDefinition<Spec extends SchemaInput, Status extends SchemaInput> extends CompositionNames {
  readonly spec: Spec;
  readonly status?: Status;
}

/** A definition with its schemas under `schema`. */
export interface NestedDefinition<Spec extends SchemaInput, Status extends SchemaInput> extends CompositionNames {
  readonly schema: { readonly spec: Spec; readonly status?: Status };
}

/** The names and schemas of a composition, in either arrangement. */
export type CompositionDefinition<Spec extends SchemaInput, Status extends SchemaInput> =
  | FlatDefinition<Spec, Status>
  | NestedDefinition<Spec, Status>;

/**
 * The target of a graph: `stock` is kro 0.9.3 or newer with feature gates off, `typekro` is this project's controller.
 */
export type Target = 'stock' | 'typekro';

/** Options of a composition. */
export interface CompositionOptions {
  /** Free variables of the function, for hosts on which the tracer cannot read them itself. */
  readonly scope?: () => Record<string, unknown>;
  /**
   * Are unknown fields of resources refused? With `false`, expressions may read them without a check, and each such
   * read causes a warning. Default `true`.
   */
  readonly strict?: boolean;
  /** Factory modes that this composition supports. Default: both modes. */
  readonly supportedModes?: readonly ('direct' | 'kro')[];
  /** Adds kro's annotation that permits breaking changes of the schema. */
  readonly allowBreakingChanges?: boolean;
  /** CEL rules for spec fields: dotted path below `spec` → rule. */
  readonly schemaFieldValidations?: Readonly<Record<string, string>>;
  /** The schemas of additional kinds that the graph uses, by `apiVersion/Kind`. */
  readonly types?: Readonly<Record<string, Schema>>;
}

declare const CEL: unique symbol;

/** The type of hand-written CEL, which represents a value of any type until the graph runs. */
export interface CelValue {
  readonly [CEL]: 'cel';
}

/** A type whose values, at any depth, may also be hand-written CEL or `undefined`. */
export type Computed<T> = T extends string | number | boolean | bigint | null | undefined
  ? T | CelValue | undefined
  : T extends readonly (infer Item)[]
    ? readonly Computed<Item>[] | CelValue | undefined
    : T extends object
      ? { readonly [Key in keyof T]: Computed<T[Key]> } | CelValue | undefined
      : T | CelValue | undefined;

/**
 * The values that a status function may return: fields of the declared status, or any object when no status is
 * declared.
 */
export type StatusResult<Status> = unknown extends Status
  ? object | undefined | void
  : { readonly [Key in keyof Status]?: Computed<Status[Key]> };

/**
 * The instance: the argument of a resource builder, the first argument of a status function, and the second argument of
 * a composition.
 */
export interface SchemaReference<Spec> {
  readonly spec: Spec;
  readonly metadata: InstanceMetadata;
}

/** Metadata of the instance that a graph may read. In a composition that is called, this is the outer instance. */
export interface InstanceMetadata {
  readonly name: string;
  /** Absent for a cluster-scoped instance. */
  readonly namespace: string;
  readonly uid: string;
  /** Absent for an instance without labels. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Absent for an instance without annotations. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly generation: number;
  readonly creationTimestamp: string;
}

/** Metadata of a resource, as another part of the graph may read it. */
export interface ResourceMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly generation: number;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
}

/** The result of a readiness function of the author (direct mode). */
export interface ReadinessResult {
  readonly ready: boolean;
  readonly reason?: string;
  readonly message?: string;
}

/** The functions with which a condition of `withPropagateWhen` reads the progress of resources. */
export interface PropagationProgress {
  /**
   * Do all objects of the resource exist, and is the resource ready? True for a resource that is left out. For a list
   * of resources, the result applies to the whole list.
   */
  readonly ready: (resource: { readonly id: string } | readonly { readonly id: string }[] | undefined) => boolean;
  /**
   * Are all writes of the resource done, so that no write is pending or held back? True for a resource that is left
   * out.
   */
  readonly updated: (resource: { readonly id: string } | readonly { readonly id: string }[] | undefined) => boolean;
  /**
   * May this resource of a loop be written, in batches of 1, 2, 4, … resources? A batch is written when the resources
   * before it are updated and ready.
   */
  readonly exponentiallyReady: () => boolean;
  /** May this resource of a loop be written, in batches of this size? */
  readonly linearlyReady: (batch: number) => boolean;
}

/** The members that every resource of a composition has. */
export interface ResourceHandle {
  /** Id of the resource in the graph. */
  readonly id: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ResourceMetadata;
  /** Adds a condition under which the resource exists. Several conditions must all be true. */
  withIncludeWhen(condition: unknown): this;
  /** Adds a condition on the resource itself under which it counts as ready. */
  withReadyWhen(condition: ((self: this) => unknown) | string | boolean): this;
  /**
   * Adds a condition for the writes of the objects. The objects are created and changed only while all conditions are
   * true. A condition orders writes, but is not a dependency: it never leaves the resource out. Drift is still
   * corrected, except in an object whose change is held back. A deletion waits only while the replacement of the
   * object, or a change of an object that reads it, is held back. Direct mode obeys the condition. A controller needs
   * the gate `PropagateWhen`, and the definition can be printed only for the target `typekro`.
   */
  withPropagateWhen(condition: ((progress: PropagationProgress) => unknown) | string | boolean): this;
  /**
   * Decides what happens to the objects when the instance is deleted, or when the resource no longer produces them.
   * With `Orphaned`, the objects stay and belong to no instance. With `Delete`, the default, the objects are deleted. A
   * controller needs the gate `DeletionPolicy`.
   */
  withDeletionPolicy(policy: 'Delete' | 'Orphaned'): this;
  /**
   * Names fields that another manager may take over, such as `['spec.replicas']` for an autoscaler. Each is a path of
   * names with dots between them, of a field that the resource sets, outside of lists. The field is set until another
   * manager has written it, and is left out of later writes. A controller needs the gate `ExternalFields`, and the
   * definition can be printed only for the target `typekro`.
   */
  withExternalFields(fields: readonly string[]): this;
  /** Creates this resource after another resource, even if no field refers to the other resource. */
  dependsOn(other: { readonly id: string } | string): this;
  /** Decides readiness in direct mode by a function of the live object. */
  withReadinessEvaluator(evaluator: (live: KubeObject) => ReadinessResult): this;
}

/** A resource of a composition; `Fields` are the fields of its kind (`spec`, `status`, `data`, …). */
export type Resource<Fields extends object = { spec: JsonObject; status: JsonObject }> = ResourceHandle & Fields;

/** One resource of an evaluated composition. */
export interface EvaluatedResource {
  readonly id: string;
  /**
   * Is the resource part of the instance? False when a condition is false, or the resource reads a resource that is not
   * part of the instance. True, with `pending`, when a condition has no value.
   */
  readonly included: boolean;
  /**
   * The desired objects: one object for a plain resource, and one per element for a collection. Pending objects are
   * absent.
   */
  readonly objects: readonly JsonObject[];
  /**
   * The reason why objects are missing: an expression or a condition waits for data of the cluster or fails, or two
   * elements of a collection make the same object.
   */
  readonly pending?: string;
}

/** A composition evaluated on one spec. */
export interface Evaluation {
  readonly resources: readonly EvaluatedResource[];
  /** Status fields whose values are known. */
  readonly status: JsonObject;
  /** Messages of the author's preconditions (`throw` under a condition) that the spec violates. */
  readonly violations: readonly string[];
}

/** Options of `toDefinition` and `toYaml`. */
export interface EmitOptions {
  /** The target of the definition. Default `stock`. */
  readonly target?: Target;
  /** The aspects that are applied to the resources, in this order (`typekro/aspects`). */
  readonly aspects?: readonly AnyAspect[];
}
