import type { Graph } from '@typekro/engine/graph';
import type { ConditionContent } from '@typekro/engine/runtime';
import type { CompiledSpec } from './compiler.ts';
import type { LeavingVersions } from './crd-ensurer.ts';
import type { DefinitionObject } from './definition-object.ts';
import type { DefinitionCondition } from './definition-status.ts';
import type { Revision } from './revision.ts';
import type { MigrationState } from './storage-migration.ts';

/** The findings of a running pass. */
export interface DefinitionPass {
  readonly definition: DefinitionObject;
  readonly compiled: CompiledSpec;
  readonly conditions: Map<DefinitionCondition, ConditionContent>;
  rolledOut: ConditionContent | 'keep' | undefined;
  propagated: ConditionContent | 'keep' | undefined;
  /** The migration of stored objects, or the fact that all are stored in one version. */
  migration: MigrationState | undefined;
  /** The versions that leave the CRD. */
  leaving: LeavingVersions | undefined;
  lastIssued: number;
  /**
   * The part that is not ready yet: the CRD, or the watch of the instances. `until` is the time at which the next pass
   * begins at the latest.
   */
  waiting: { readonly for: 'crd' | 'watch'; readonly until: number } | undefined;
  /** The time of the retry after a refusal whose cause can end without an event, such as a missing permission. */
  retryAt: number | undefined;
}

/** A revision that compiles, and its graph. */
export interface WorkingRevision {
  readonly revision: Revision;
  readonly graph: Graph;
}

/** A new pass. */
export function newPass(definition: DefinitionObject, compiled: CompiledSpec): DefinitionPass {
  return {
    definition,
    compiled,
    conditions: new Map(),
    rolledOut: undefined,
    propagated: undefined,
    migration: undefined,
    leaving: undefined,
    lastIssued: lastIssuedOf(definition),
    waiting: undefined,
    retryAt: undefined,
  };
}

/** The highest revision number that the status records; 0 when it records none. */
export function lastIssuedOf(definition: DefinitionObject): number {
  const { lastIssuedRevision } = definition.status;
  return typeof lastIssuedRevision === 'number' ? lastIssuedRevision : 0;
}
