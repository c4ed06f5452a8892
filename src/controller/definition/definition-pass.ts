import type { Graph } from '../../graph/index.ts';
import type { ConditionValue } from '../../runtime/index.ts';
import type { Compiled } from './compiler.ts';
import type { Definition } from './definition.ts';
import type { DefinitionCondition } from './definition-status.ts';
import type { Revision } from './revision.ts';

/** The findings of a pass so far. */
export interface DefinitionPass {
  readonly definition: Definition;
  readonly compiled: Compiled;
  readonly conditions: Map<DefinitionCondition, ConditionValue>;
  rolledOut: ConditionValue | 'keep' | undefined;
  lastIssued: number;
  /** The event of a watch that the pass waits for, and the latest time of the next pass. */
  waiting: { readonly for: 'crd' | 'watch'; readonly until: number } | undefined;
  /** The time of the retry after a refusal whose cause may end without an event, such as a missing right. */
  retryAt: number | undefined;
}

/** A revision that works, and its graph. */
export interface WorkingRevision {
  readonly revision: Revision;
  readonly graph: Graph;
}

/** A new pass. */
export function newPass(definition: Definition, compiled: Compiled): DefinitionPass {
  return {
    definition,
    compiled,
    conditions: new Map(),
    rolledOut: undefined,
    lastIssued: lastIssuedOf(definition),
    waiting: undefined,
    retryAt: undefined,
  };
}

/** The highest issued revision according to the status; 0 for none. */
export function lastIssuedOf(definition: Definition): number {
  const { lastIssuedRevision } = definition.status;
  return typeof lastIssuedRevision === 'number' ? lastIssuedRevision : 0;
}
