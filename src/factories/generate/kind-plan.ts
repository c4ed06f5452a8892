import type { JsonObject, JsonValue } from '../../core/index.ts';
import type { Schema } from '../../schema/index.ts';

/** A kind in one version, with the data for its factory. */
export interface KindPlan {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  /** The preferred version of the kind; its names have no version behind them. */
  readonly preferred: boolean;
  readonly deprecated: boolean;
  /** The purpose of the kind in a few sentences; empty without a description. */
  readonly description: string;
  /** The schema of the whole object. */
  readonly schema: Schema;
  /** The same as plain data, to put into the generated file; absent for kinds that are built in. */
  readonly facts?: JsonObject;
  /** CEL over `self` and the same in words. */
  readonly readiness: ReadinessRule;
}

/** How a factory waits for its kind. */
export interface ReadinessRule {
  /** Holds when the object is ready; absent when it is ready as soon as it exists. */
  readonly cel?: string;
  /** Completes "Ready when …". */
  readonly words: string;
}

/** Own member of a value that may be anything. */
export function ownMember(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

export const textsOf = (value: JsonValue | undefined): string[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
