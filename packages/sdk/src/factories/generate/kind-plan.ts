import type { JsonObject, JsonValue } from '@typekro/kit/core';
import type { Schema } from '@typekro/engine/schema';

/** A kind in one version, with the data for its factory. */
export interface KindPlan {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  /** Is this the preferred version of the kind? If so, the generated names do not end with the version. */
  readonly preferred: boolean;
  readonly deprecated: boolean;
  /** The purpose of the kind in a few sentences; empty without a description. */
  readonly description: string;
  /** The schema of the whole object. */
  readonly schema: Schema;
  /** The schema without descriptions and rules, for the generated file; undefined for built-in kinds. */
  readonly facts?: JsonObject;
  /** The readiness rule of the kind. */
  readonly readiness: ReadinessRule;
}

/** The rule by which a factory waits for its kind. */
export interface ReadinessRule {
  /** The condition in CEL, over `self`; undefined when the object is ready as soon as it exists. */
  readonly cel?: string;
  /** The condition in words that complete "Ready when …". */
  readonly words: string;
}

/** A member of a JSON value; undefined when the value is not an object, or does not itself have the member. */
export function ownMember(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
