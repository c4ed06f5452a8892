import { cryptoLibrary } from '../../core/index.ts';
import { compareText } from '../../golang/index.ts';
import type { Graph } from '../../graph/index.ts';

/** Some instances try a revision; the others stay with the one before it. */
export interface Canary {
  readonly base: { readonly revision: number; readonly graph: Graph };
  /** Who tries it, by instance id; absent while that cannot be told yet, and nobody is worked on. */
  readonly members: ReadonlySet<string> | undefined;
  /** How many that would follow the newest revision stay with the one before. */
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

/** How many of so many instances an allowance lets go first: at least one, part of one counts as one. */
export function allowedOf(allowance: Allowance, instances: number): number {
  const wish = allowance.kind === 'count' ? allowance.count : Math.ceil((instances * allowance.percent) / 100);
  return Math.min(wish, instances);
}

/** What came of a revision on an instance. */
export interface Outcome {
  readonly revision: number;
  readonly state: 'ready' | 'failed' | 'waiting';
  /** Why it is not ready, in the words of its condition. */
  readonly message: string;
}

/** An instance that a new revision may go to. */
export interface Candidate {
  readonly id: string;
  readonly uid: string;
  /** Of the last pass over it; absent when there was none yet. */
  readonly outcome?: Outcome;
}

/** What a roll-out is decided on. */
export interface RolloutInput {
  readonly revision: number;
  readonly candidates: readonly Candidate[];
  /** How many go first. */
  readonly count: number;
  /** Who was chosen before; stays chosen as long as it is a candidate. */
  readonly chosen: ReadonlySet<string>;
}

/** How far a revision may go. */
export type Rollout =
  /** To all: it proved itself, or there is nobody to hold it back from. */
  | { readonly phase: 'everywhere' }
  | {
      readonly phase: 'waiting' | 'held';
      readonly members: ReadonlySet<string>;
      /** Some members were not looked at yet, so that less may be known than was before a restart. */
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
