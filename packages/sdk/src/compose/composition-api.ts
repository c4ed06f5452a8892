import type { Composition } from './composition-type.ts';
import type {
  CelValue,
  CompositionDefinition,
  CompositionOptions,
  Computed,
  InferInput,
  InferSchema,
  Resource,
  SchemaInput,
  SchemaReference,
  StatusResult,
} from './public-types.ts';
import type { NoVersions, VersionedDefinition, VersionInputs, VersionSchemas } from './version-types.ts';

/**
 * The TypeScript type of a status: the type of the declared schema; without a declared schema, the return type of the
 * function.
 */
export type StatusOf<Status extends SchemaInput, Returned> = SchemaInput extends Status
  ? Widened<Returned>
  : InferSchema<Status>;

/**
 * The type of an undeclared status, with general types instead of inferred literal types: `'up' | 'down'` becomes
 * `string`.
 */
export type Widened<T> = T extends string
  ? string
  : T extends number
    ? number
    : T extends boolean
      ? boolean
      : T extends readonly (infer Item)[]
        ? Widened<Item>[]
        : T extends (...args: never[]) => unknown
          ? T
          : T extends object
            ? { -readonly [Key in keyof T]: Widened<T[Key]> }
            : T;

/**
 * The values that a function may return as the status. Without a declared schema, any object or nothing; otherwise the
 * declared fields and `conditions`.
 */
export type ReturnedStatus<Status extends SchemaInput> = SchemaInput extends Status
  ? object | undefined | void
  : StatusResult<InferSchema<Status>> & { readonly conditions?: OwnConditions };

/**
 * The conditions that a composition returns in its status, in addition to the declared fields. As in kro, they replace
 * the controller's conditions. To include a condition of the controller, use `Cel.expr` with
 * `runtime.condition(schema, "Ready")`.
 */
export type OwnConditions = readonly (OwnCondition | CelValue)[];

/** A condition that the author defines. The controller adds `lastTransitionTime` and `observedGeneration`. */
export interface OwnCondition {
  /** The type of the condition. No two conditions may have the same type. */
  readonly type: string;
  /** `True`, `False` or `Unknown`. */
  readonly status: string | CelValue;
  /** The reason, a word in CamelCase. */
  readonly reason?: string | CelValue;
  readonly message?: string | CelValue;
}

/**
 * The fields of a returned status that the declared status does not have. Their type has no values, so TypeScript
 * reports an error for each of these fields. A status that is not declared, or that is declared without fields, may
 * have any fields.
 */
export type UndeclaredFields<Status extends SchemaInput, Returned> = SchemaInput extends Status
  ? unknown
  : [keyof InferSchema<Status>] extends [never]
    ? unknown
    : OtherFields<InferSchema<Status> & { readonly conditions?: unknown }, Returned>;

/**
 * The members of `Returned` that `Declared` does not have, each with a type that no value has, so that TypeScript
 * reports an error.
 */
export type OtherFields<Declared, Returned> = [keyof Declared] extends [never]
  ? unknown
  : Returned extends object
    ? { readonly [Key in Exclude<keyof Returned, keyof Declared>]?: UndeclaredStatusField }
    : unknown;

/**
 * The required fields of the declared status that no branch of the function returns. They are required members of this
 * type, so TypeScript reports an error at the `return`. As in a trace, a field counts as present if at least one branch
 * returns it.
 */
export type MissingFields<Status extends SchemaInput, Returned> = SchemaInput extends Status
  ? unknown
  : {
      readonly [Key in Exclude<RequiredKeys<InferSchema<Status>>, KeysOfAny<Returned>>]: Computed<
        InferSchema<Status>[Key]
      >;
    };

/** The keys of the fields that are required and not nullable. */
export type RequiredKeys<T> = {
  [Key in keyof T]-?: Partial<Pick<T, Key>> extends Pick<T, Key> ? never : null extends T[Key] ? never : Key;
}[keyof T];

/** The keys that at least one member of a union has. */
export type KeysOfAny<T> = T extends object ? keyof T : never;

/** The type of a status field that the declared status does not have. No value has this type. */
export interface UndeclaredStatusField {
  readonly 'the declared status has no such field': never;
}

/**
 * In a composition with two functions, a value that the first function returns under a key: a resource from a factory,
 * a plain object with `apiVersion` and `kind`, or no resource.
 */
export type ResourceEntry = object | undefined | null | false;

/**
 * The resources of a composition with two functions, under their keys. Each has the type with which another composition
 * reads it. Collections are not included.
 */
export type ReferencesTo<Resources> = {
  readonly [Key in keyof Resources as NonNullable<Resources[Key]> extends readonly unknown[] ? never : Key]-?: Exclude<
    Resources[Key],
    undefined | null | false
  >;
};

/**
 * A composition that is defined by two functions. Its resources are also members of the composition; a member of
 * `Composition` with the same name takes precedence.
 */
export type DeclaredComposition<Spec, Status, Resources, Input, Versions = NoVersions> = Composition<
  Spec,
  Status,
  Resources,
  Input,
  Versions
> &
  Omit<Resources, keyof Composition<Spec, Status, Resources, Input, Versions>>;

/**
 * Defines a graph by two functions: the first returns the resources by key, and the second computes the status from the
 * resources. A resource without an id gets its key as id.
 */
export interface ToResourceGraph {
  <
    Spec extends SchemaInput,
    Status extends SchemaInput,
    Resources extends Record<string, ResourceEntry>,
    const Returned,
    Versions extends VersionSchemas = NoVersions,
    const ToHub = NoVersions,
    const FromHub = NoVersions,
  >(
    definition: CompositionDefinition<Spec, Status> & VersionedDefinition<Spec, Versions, ToHub, FromHub>,
    resources: (schema: SchemaReference<InferSchema<Spec>>) => Resources,
    status: (
      schema: SchemaReference<InferSchema<Spec>>,
      resources: Required<Resources>,
    ) => Returned & ReturnedStatus<Status> & UndeclaredFields<Status, Returned> & MissingFields<Status, Returned>,
    options?: CompositionOptions,
  ): DeclaredComposition<
    InferSchema<Spec>,
    StatusOf<Status, Returned>,
    ReferencesTo<Resources>,
    InferInput<Spec>,
    VersionInputs<Versions>
  >;
}

/**
 * Defines a graph. The main form takes one function, which creates the resources and returns the status. The other form
 * takes the two functions of `ToResourceGraph`.
 */
export type KubernetesComposition = ToResourceGraph & {
  <
    Spec extends SchemaInput,
    Status extends SchemaInput,
    const Returned,
    Versions extends VersionSchemas = NoVersions,
    const ToHub = NoVersions,
    const FromHub = NoVersions,
  >(
    definition: CompositionDefinition<Spec, Status> & VersionedDefinition<Spec, Versions, ToHub, FromHub>,
    compose: (
      spec: InferSchema<Spec>,
      instance: SchemaReference<InferSchema<Spec>>,
    ) => Returned & ReturnedStatus<Status> & UndeclaredFields<Status, Returned> & MissingFields<Status, Returned>,
    options?: CompositionOptions,
  ): Composition<
    InferSchema<Spec>,
    StatusOf<Status, Returned>,
    Readonly<Record<string, Resource>>,
    InferInput<Spec>,
    VersionInputs<Versions>
  >;
};
