import type { GroupVersionKind, JsonValue } from '@typekro/kit/core';

/** A CEL rule of `x-kubernetes-validations`. */
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

/**
 * The way in which server-side apply merges a list: as a whole (`atomic`), as a set of scalars (`set`), or by the keys
 * of its elements (`map`).
 */
export type ListType = 'atomic' | 'set' | 'map';

/**
 * A structural OpenAPI v3 schema with the member names of its JSON form.
 *
 * A reference is resolved when a member is read: `properties`, `items`, `additionalProperties` and the lists of
 * alternatives may be lazy getters that return shared nodes. A schema can therefore be cyclic (recursive kinds) and
 * large. Code that walks, copies or prints a schema must follow the structure of a value, or have a depth limit. Nodes
 * are immutable and keep their identity, so that they can be keys of a `WeakMap`.
 */
export interface Schema {
  readonly type?: string | undefined;
  readonly format?: string | undefined;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly nullable?: boolean | undefined;
  readonly default?: JsonValue | undefined;
  readonly enum?: readonly JsonValue[] | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly additionalProperties?: boolean | Schema | undefined;
  readonly required?: readonly string[] | undefined;
  readonly items?: Schema | undefined;
  readonly minimum?: number | bigint | undefined;
  readonly maximum?: number | bigint | undefined;
  readonly exclusiveMinimum?: boolean | undefined;
  readonly exclusiveMaximum?: boolean | undefined;
  readonly multipleOf?: number | undefined;
  readonly minLength?: number | bigint | undefined;
  readonly maxLength?: number | bigint | undefined;
  readonly pattern?: string | undefined;
  readonly minItems?: number | bigint | undefined;
  readonly maxItems?: number | bigint | undefined;
  readonly uniqueItems?: boolean | undefined;
  readonly minProperties?: number | bigint | undefined;
  readonly maxProperties?: number | bigint | undefined;
  readonly allOf?: readonly Schema[] | undefined;
  readonly anyOf?: readonly Schema[] | undefined;
  readonly oneOf?: readonly Schema[] | undefined;
  readonly not?: Schema | undefined;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean | undefined;
  readonly 'x-kubernetes-int-or-string'?: boolean | undefined;
  readonly 'x-kubernetes-embedded-resource'?: boolean | undefined;
  readonly 'x-kubernetes-list-type'?: ListType | undefined;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[] | undefined;
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular' | undefined;
  readonly 'x-kubernetes-patch-strategy'?: string | undefined;
  readonly 'x-kubernetes-patch-merge-key'?: string | undefined;
  readonly 'x-kubernetes-validations'?: readonly ValidationRule[] | undefined;
  readonly 'x-kubernetes-group-version-kind'?: readonly GroupVersionKind[] | undefined;
}

/** The discovery entry of a kind, which determines how requests address the kind's objects. */
export interface ResourceInfo extends GroupVersionKind {
  /** Resource name in URLs, e.g. `deployments`. */
  readonly plural: string;
  readonly singular: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly string[];
  /** The names after the slash, e.g. `status`, `scale`. */
  readonly subresources: readonly string[];
  /** The warning that clients of the version get. Absent for a version that is not deprecated. */
  readonly deprecated?: string;
}

/** A source of schemas. The schema of a kind is built on first look-up. */
export interface SchemaSource {
  /** The schema of a served kind as an API server publishes it, including root metadata. */
  schemaOf(type: GroupVersionKind): Schema | undefined;
  /** The resource of a kind; `undefined` for kinds without their own resource (`Scale`, `Eviction`). */
  resourceOf(type: GroupVersionKind): ResourceInfo | undefined;
  /** The kinds that have a resource. Within a group, preferred versions come first. */
  kinds(): Iterable<GroupVersionKind>;
  /** What to do about a kind that the source does not have. */
  readonly ifUnknown?: string;
}

/** One step from an object to a part of it: a member name or a list index. */
export type FieldStep = string | number;
