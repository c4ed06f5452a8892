import type { RememberedRead, RememberedWrite } from '../../execute/index.ts';
import type { ObjectType, StepMemory } from '../../runtime/index.ts';
import type { CacheSet } from '../cache/cache-set.ts';
import type { DriftHistory } from '../drift/contests.ts';
import type { ServedKind } from '../served-kinds.ts';
import type { RevisionOutcome } from '../rollout/canary.ts';

/** A map that is absent while it is empty: of thousands of instances few have an entry. */
export type Sparse<K, V> = Map<K, V> | undefined;

/** The map without an entry. */
export function deleteOrDrop<K, V>(map: Sparse<K, V>, key: K): Sparse<K, V> {
  map?.delete(key);
  return map?.size === 0 ? undefined : map;
}

/** The memory of an instance between passes. Its loss costs reads, never a wrong write. */
export interface InstanceRecord {
  /** `group/kind/namespace/name`: the subscriber of watches. */
  readonly id: string;
  /** Key in the cache of its kind: `namespace/name`. */
  readonly key: string;
  readonly definition: string;
  /** Where its watches are registered. */
  caches: CacheSet;
  /** Failed writes of children by `Kind.group/namespace/name`. */
  failed: Sparse<string, RememberedWrite>;
  /** Failed reads: whole objects by the same keys, versions of kinds by `group/kind`. */
  unread: Sparse<string, RememberedRead>;
  /** The recent drift of each child, by the same keys. */
  drift: Sparse<string, DriftHistory>;
  /** Kinds of its ApplySet that its graph lacks, with the type that discovery found; `unserved` when it found none. */
  memberKinds: Sparse<string, ObjectType | 'unserved'>;
  /** When `now()` in templates was sampled, and for which generation and revision. */
  templateNow: { readonly sample: string; readonly at: number } | undefined;
  statusNow: number | undefined;
  applySet: string | undefined;
  /** The served kind of the last step. */
  served: ServedKind | undefined;
  outcome: RevisionOutcome | undefined;
  /** Kept between passes while an expression fails, since each evaluation may cost the whole budget. */
  memory: StepMemory | undefined;
  steppedAt: number;
}

/** An empty record. */
export function newRecord(id: string, key: string, definition: string, caches: CacheSet): InstanceRecord {
  return {
    id,
    key,
    definition,
    caches,
    failed: undefined,
    unread: undefined,
    drift: undefined,
    memberKinds: undefined,
    templateNow: undefined,
    statusNow: undefined,
    applySet: undefined,
    served: undefined,
    outcome: undefined,
    memory: undefined,
    steppedAt: 0,
  };
}
