import type { GraphFeatures, KroCompatibility } from '../../graph/index.ts';
import type { InstancePlan, PlanSource, SchemaLine } from '../plan/plan.ts';

/**
 * What `typekro upgrade --check` found out, as its `-o json` prints it. Later versions of the same number only add
 * fields. Definitions are listed by name, levels from the oldest.
 */
export interface UpgradeCheck {
  readonly schemaVersion: 1;
  /** Version of the controller that was asked: that of this program. */
  readonly version: string;
  readonly source: PlanSource;
  readonly definitions: readonly DefinitionCheck[];
  /** What could not be read, and what follows from it. */
  readonly limits: readonly string[];
}

/** A definition of the cluster. */
export interface DefinitionCheck {
  readonly name: string;
  /** The kind that it declares. */
  readonly kind: string;
  /** `status.state` as the controller of the cluster wrote it last; empty: it wrote none. */
  readonly state: string;
  readonly instances: number;
  /** The controllers that accept it, from this list: `kro 0.9`, `kro 0.10`, `typekro 0.9`, `typekro 0.10`. */
  readonly acceptedBy: readonly string[];
  readonly levels: readonly LevelCheck[];
}

/** What the controller of this version makes of a definition with `--kro-compatibility` at one level. */
export interface LevelCheck {
  readonly level: KroCompatibility;
  /** Why the definition is refused; absent: it is accepted. */
  readonly refusal?: string;
  readonly hint?: string;
  /** The revision that instances without a pin follow; 0: none, the definition has no revision that compiles. */
  readonly revision: number;
  /** What happens to the CRD of the instances. */
  readonly crd: 'unchanged' | 'created' | 'changed' | 'refused';
  /** Fields of instances whose schema changes. */
  readonly schema: readonly SchemaLine[];
  /** Revisions that instances are pinned to and that do not compile. */
  readonly pins: readonly BrokenPin[];
  /** Instances with writes, and those that are blocked. Writes of nothing but marks of the controller are `labels`. */
  readonly plans: readonly InstancePlan[];
  /** Labels and annotations of the controller on children that would be written anew, by name. */
  readonly marks: readonly string[];
}

/** A revision that does not compile any more. */
export interface BrokenPin {
  readonly revision: number;
  readonly refusal: string;
  readonly instances: readonly string[];
}

/** How the controller will be started. */
export interface UpgradeOptions {
  readonly levels: readonly KroCompatibility[];
  readonly features: GraphFeatures;
  /** The gate `ConservativeCRDComparison`. */
  readonly conservative: boolean;
}

/** Is the definition refused that is served now? A definition that is refused already is no reason against the upgrade. */
export function isNewlyRefused({ state }: Pick<DefinitionCheck, 'state'>, check: LevelCheck): boolean {
  const isServedNow = state !== 'Inactive';
  return isServedNow && (check.refusal !== undefined || check.crd === 'refused' || check.pins.length > 0);
}

/** Would the controller write anything that the former one did not? A refused definition counts as refused alone. */
export function isChanged({ refusal, crd, plans }: LevelCheck): boolean {
  if (refusal !== undefined || crd === 'refused') return false;
  const isBlockedOrWritten = plans.some(({ writes, state }) => writes.length > 0 || state === 'blocked');
  return crd !== 'unchanged' || isBlockedOrWritten;
}
