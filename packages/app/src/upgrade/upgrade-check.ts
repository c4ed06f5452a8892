import type { ControllerSettings } from '@typekro/controller/controller';
import { type KroCompatibility, type GraphFeatures, TYPEKRO_FEATURES } from '@typekro/engine/graph';
import type { InstancePlan, PlanSource, SchemaLine } from '@typekro/controller/inspect';
import type { Diagnostic, JsonObject } from '@typekro/kit/core';
import { objectAt } from '@typekro/kit/kubernetes';

/**
 * The report of `typekro upgrade --check`, as `-o json` prints it. A later release with the same `schemaVersion` only
 * adds fields. Definitions and Graphs are sorted by name, and levels begin with the oldest.
 */
export interface UpgradeCheck {
  readonly schemaVersion: 1;
  /** The version of the checked controller, which is the version of this program. */
  readonly version: string;
  readonly source: PlanSource;
  readonly definitions: readonly DefinitionCheck[];
  readonly graphs: readonly GraphCheck[];
  /** Sentences about kinds that could not be read, with the consequences. */
  readonly limits: readonly string[];
}

/** A definition of the cluster. */
export interface DefinitionCheck {
  readonly name: string;
  /** The kind that the definition declares. */
  readonly kind: string;
  /** The `status.state` that the controller of the cluster wrote last. Empty when the status has none. */
  readonly state: string;
  readonly instances: number;
  /**
   * The controllers that accept the definition, from this list: `kro 0.9`, `kro 0.10`, `typekro 0.9`, `typekro 0.10`.
   */
  readonly acceptedBy: readonly string[];
  /**
   * The versions of the API beside the one of `schema.apiVersion`. They need the gate `APIVersions`; kro ignores them, and
   * serves only the one of `schema.apiVersion`. Absent when there are none.
   */
  readonly versions?: readonly string[];
  readonly levels: readonly LevelCheck[];
}

/** The behaviour of this version's controller with a definition, at one level of `--kro-compatibility`. */
export interface LevelCheck {
  readonly level: KroCompatibility;
  /** The reason why the definition is refused. Absent when it is accepted. */
  readonly refusal?: string;
  readonly hint?: string;
  /** The errors of the definition after the first one, which is in `refusal`. Absent when there are no others. */
  readonly more?: readonly Refusal[];
  /**
   * The newest revision that the controller serves. All instances follow it, except pinned instances and those that the
   * rollout holds back. 0 when the controller can serve no revision.
   */
  readonly revision: number;
  /** The change of the instances' CRD. */
  readonly crd: 'unchanged' | 'created' | 'changed' | 'refused';
  /** The changes of the schema of instances, field by field. */
  readonly schema: readonly SchemaLine[];
  /** The revisions that do not compile although instances are pinned to them. */
  readonly pins: readonly BrokenRevision[];
  /**
   * The revisions that do not compile although a canary or `propagateWhen` holds instances back at them. Absent when
   * there are none.
   */
  readonly held?: readonly HeldRevision[];
  /**
   * The plans of instances that have writes or are blocked. A write that changes only the controller's labels and
   * annotations has the action `labels`.
   */
  readonly plans: readonly InstancePlan[];
  /** The keys of the controller's labels and annotations that `labels` writes change, sorted. */
  readonly marks: readonly string[];
}

/** A Graph object. The rules for this kind are the same at each level of `--kro-compatibility`. */
export interface GraphCheck {
  /** `namespace/name`. */
  readonly name: string;
  /**
   * The state that follows from the conditions that a controller wrote last: `ACTIVE`, `IN_PROGRESS`, `ERROR` or
   * `DELETING`. Empty when no controller has written conditions.
   */
  readonly state: string;
  /**
   * The controllers that accept the Graph with their gate `GraphKind` on, from this list: `kro 0.10`, `typekro 0.9`,
   * `typekro 0.10`.
   */
  readonly acceptedBy: readonly string[];
  /** The reason why the controller does not apply the Graph. Absent when it applies the Graph. */
  readonly refusal?: string;
  readonly hint?: string;
  /** The errors of the Graph after the first one. Absent when there are no others. */
  readonly more?: readonly Refusal[];
  /** True when the recorded conditions say that the Graph is refused, or when no controller has served the Graph. */
  readonly isRefusedNow: boolean;
  /** The writes to the objects of the Graph. Absent when there are none, and nothing is blocked. */
  readonly plan?: InstancePlan;
}

/** An error of a definition or a Graph, and its remedy. */
export interface Refusal {
  readonly refusal: string;
  readonly hint?: string;
}

/** A revision that does not compile, although instances follow it. */
export interface BrokenRevision {
  readonly revision: number;
  readonly refusal: string;
  /** The instances that follow the revision, as `namespace/name`. */
  readonly instances: readonly string[];
}

/** A revision that does not compile, and the revision that its instances follow instead. */
export interface HeldRevision extends BrokenRevision {
  readonly follows: number;
}

/** The settings of the controller that the check is about. */
export interface UpgradeOptions {
  readonly levels: readonly KroCompatibility[];
  readonly settings: ControllerSettings;
}

/**
 * Does the upgrade make the controller refuse a served definition, or one of its revisions to which instances are
 * pinned or at which instances are held back? False for a definition that is already refused, or that no controller has
 * handled.
 */
export function isNewlyRefused({ state }: Pick<DefinitionCheck, 'state'>, check: LevelCheck): boolean {
  const isServedNow = state === 'Active';
  const broken = check.pins.length + (check.held?.length ?? 0);
  return isServedNow && (check.refusal !== undefined || check.crd === 'refused' || broken > 0);
}

/** Does the upgrade make the controller refuse a Graph that a controller serves? */
export function isGraphNewlyRefused({ refusal, isRefusedNow }: GraphCheck): boolean {
  return refusal !== undefined && !isRefusedNow;
}

/**
 * Would the upgrade change the CRD, cause writes, or block an instance? False for a refused definition, which the
 * report counts as refused and not as changed.
 */
export function isChanged({ refusal, crd, plans }: LevelCheck): boolean {
  if (refusal !== undefined || crd === 'refused') return false;
  const isBlockedOrWritten = plans.some(({ writes, state }) => writes.length > 0 || state === 'blocked');
  return crd !== 'unchanged' || isBlockedOrWritten;
}

/** Converts the errors of a compilation to a refusal: the first error, and the other errors in `more`. */
export function upgradeRefusal(diagnostics: readonly Diagnostic[]): Refusal & { readonly more?: readonly Refusal[] } {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const [first, ...more] = errors.map(({ code, message, path, hint }): Refusal => {
    const place = path === undefined ? '' : `${path}: `;
    return { refusal: `${place}${message} [${code}]`, ...(hint === undefined ? {} : { hint }) };
  });
  if (first === undefined) return { refusal: 'it does not compile' };
  return { ...first, ...(more.length === 0 ? {} : { more }) };
}

/**
 * Turns off all features that released kro does not have. Keeps the values of `omit` (gate `CELOmitFunction`) and
 * `deletionPolicy` (gate `DeletionPolicy`, after 0.10.0-rc.0).
 */
export function stockFeatures({ omit = false, deletionPolicy = false }: GraphFeatures): GraphFeatures {
  const off = Object.fromEntries(Object.keys(TYPEKRO_FEATURES).map((feature) => [feature, false]));
  return { ...off, omit, deletionPolicy };
}

/** The spec of a definition as released kro reads it, which ignores `versions` of the schema. */
export function specForKro(spec: JsonObject): JsonObject {
  const { versions: _versions, ...schema } = objectAt(spec, 'schema');
  return _versions === undefined ? spec : { ...spec, schema };
}
