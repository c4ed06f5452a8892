import { cryptoLibrary } from '../../core/index.ts';
import { compareText } from '../../golang/index.ts';
import type { Graph } from '../../graph/index.ts';

/** Some instances try a revision; the others stay with the one before it. */
export interface Canary {
  readonly base: { readonly revision: number; readonly graph: Graph };
  /** The instances that try it, by id; absent while they are not chosen yet: no instance is worked on then. */
  readonly members: ReadonlySet<string> | undefined;
  /** Number of instances held back at the revision before. */
  readonly heldBack: number;
  readonly key: string;
}

/** To how many instances a new revision goes first. */
export type Allowance =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'percent'; readonly percent: number };

/** Reads `3` or `25%`; `undefined` for anything else, and for none at all. */
export function parseAllowance(text: string): Allowance | undefined {
  const match = /^(\d{1,9})(%?)$/.exec(text.trim());
  const value = Number(match?.[1] ?? 0);
  if (match === null || value === 0) return undefined;
  if (match[2] === '') return { kind: 'count', count: value };
  return value > 100 ? undefined : { kind: 'percent', percent: value };
}

/** The number of instances that go first: at least one, rounded up. */
export function allowedOf(allowance: Allowance, instances: number): number {
  const allowed = allowance.kind === 'count' ? allowance.count : Math.ceil((instances * allowance.percent) / 100);
  return Math.min(allowed, instances);
}

/** The outcome of a revision on an instance. */
export interface RevisionOutcome {
  readonly revision: number;
  readonly state: 'ready' | 'failed' | 'waiting';
  /** Why it is not ready, in the words of its condition. */
  readonly message: string;
}

/** An instance that a new revision may go to. */
export interface Candidate {
  readonly id: string;
  readonly uid: string;
  /** The outcome of its last pass; absent before the first. */
  readonly outcome?: RevisionOutcome;
}

/** The input of a roll-out's decision. */
export interface RolloutInput {
  readonly revision: number;
  readonly candidates: readonly Candidate[];
  /** How many go first. */
  readonly count: number;
  /** Instances chosen before; they stay chosen as long as they are candidates. */
  readonly chosen: ReadonlySet<string>;
}

/** How far a revision may go. */
export type Rollout =
  /** To all: the chosen instances are ready, or there is no other instance. */
  | { readonly phase: 'everywhere' }
  | {
      readonly phase: 'waiting' | 'held';
      readonly members: ReadonlySet<string>;
      /** Some members had no pass yet, as after a restart. */
      readonly unseen: boolean;
      /** Members that failed, in the order of their choice. */
      readonly failed: readonly { readonly id: string; readonly message: string }[];
    };

/**
 * Decides how far a revision goes: to the chosen instances until all of them are ready, then to all. The choice
 * depends on the UIDs alone, so that it is the same after a restart.
 */
export function decideRollout({ revision, candidates, count, chosen }: RolloutInput): Rollout {
  const ordered = candidates.toSorted((a, b) => compareText(rank(a.uid), rank(b.uid)) || compareText(a.id, b.id));
  const kept = ordered.filter(({ id }) => chosen.has(id));
  const rest = ordered.filter(({ id }) => !chosen.has(id));
  const members = [...kept, ...rest.slice(0, Math.max(0, count - kept.length))];
  if (members.length >= candidates.length) return { phase: 'everywhere' };
  const outcomes = members.map(({ id, outcome }) => ({
    id,
    outcome: outcome?.revision === revision ? outcome : undefined,
  }));
  if (outcomes.every(({ outcome }) => outcome?.state === 'ready')) return { phase: 'everywhere' };
  const failed = outcomes.flatMap(({ id, outcome }) =>
    outcome?.state === 'failed' ? [{ id, message: outcome.message }] : [],
  );
  return {
    phase: failed.length > 0 ? 'held' : 'waiting',
    members: new Set(members.map(({ id }) => id)),
    unseen: members.some(({ outcome }) => outcome === undefined),
    failed,
  };
}

function rank(uid: string): string {
  return cryptoLibrary().createHash('sha256').update(uid).digest('hex');
}
