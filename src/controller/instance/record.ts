import type { KubeObject } from '../../core/index.ts';
import type { FailedWrite, ObjectType } from '../../runtime/index.ts';
import type { CacheSet } from '../cache/cache-set.ts';
import type { DriftHistory } from '../drift/contests.ts';
import type { Outcome } from '../rollout/canary.ts';

/** A write that failed, and how often in a row. */
export interface RememberedFailure extends FailedWrite {
  readonly failures: number;
}

/** What is remembered of an instance between passes. Losing it costs reads, never a wrong write. */
export interface InstanceRecord {
  /** `group/kind/namespace/name`: whom watches wake. */
  readonly id: string;
  /** Key in the cache of its kind: `namespace/name`. */
  readonly key: string;
  readonly definition: string;
  /** Where its watches are registered. */
  caches: CacheSet;
  /** Failed writes of children by `Kind.group/namespace/name`. */
  readonly failed: Map<string, RememberedFailure>;
  /** What had to be put back of each child lately, by the same keys. */
  readonly drift: Map<string, DriftHistory>;
  /** Whole objects read for a comparison; for the next step only. */
  readonly whole: Map<string, KubeObject>;
  /** Kinds that members of its ApplySet may be of, once discovery told their versions; `unserved` has none. */
  readonly memberKinds: Map<string, ObjectType | 'unserved'>;
  /** When `now()` in templates was sampled, and for which generation and revision. */
  templateNow: { readonly sample: string; readonly at: number } | undefined;
  statusNow: number | undefined;
  applySet: string | undefined;
  revision: number | undefined;
  outcome: Outcome | undefined;
  steppedAt: number;
}

/** A record of an instance that nothing is known of yet. */
export function newRecord(id: string, key: string, definition: string, caches: CacheSet): InstanceRecord {
  return {
    id,
    key,
    definition,
    caches,
    failed: new Map(),
    drift: new Map(),
    whole: new Map(),
    memberKinds: new Map(),
    templateNow: undefined,
    statusNow: undefined,
    applySet: undefined,
    revision: undefined,
    outcome: undefined,
    steppedAt: 0,
  };
}
