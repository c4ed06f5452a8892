import type { Graph } from '../../graph/index.ts';
import type { ConditionValue } from '../../runtime/index.ts';
import type { Compiled } from './compiler.ts';
import type { Definition } from './definition.ts';
import type { DefinitionCondition } from './definition-status.ts';
import type { Revision } from './revision.ts';

/** What a pass has found out so far. */
export interface DefinitionPass {
  readonly definition: Definition;
  readonly compiled: Compiled;
  readonly conditions: Map<DefinitionCondition, ConditionValue>;
  rolledOut: ConditionValue | 'keep' | undefined;
  lastIssued: number;
  /** What a watch will tell of; look again then at the latest. */
  waiting: { readonly for: 'crd' | 'watch'; readonly until: number } | undefined;
  /** The server refused something for a reason that may pass unseen, such as a missing right: it is tried again then. */
  retryAt: number | undefined;
}

/** A revision that works, and its graph. */
export interface WorkingRevision {
  readonly revision: Revision;
  readonly graph: Graph;
}

/** A pass at its beginning. */
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

/** The highest revision that the status says was ever issued; 0 for none. */
export function lastIssuedOf(definition: Definition): number {
  const { lastIssuedRevision } = definition.status;
  return typeof lastIssuedRevision === 'number' ? lastIssuedRevision : 0;
}
