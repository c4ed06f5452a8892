import { type KubeObject, cryptoLibrary } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import type { Graph } from '@typekro/engine/graph';
import { Finalizers } from '@typekro/engine/runtime';
import { pinnedRevision } from '../definition/revision.ts';

/** A canary: some instances try a revision, and the other instances stay with the revision before it. */
export interface Canary {
  readonly base: { readonly revision: number; readonly graph: Graph };
  /**
   * The ids of the instances that try the revision. `undefined` while they are not chosen; the controller then works
   * only on the pinned instances of the definition.
   */
  readonly members: ReadonlySet<string> | undefined;
  /** The number of instances that stay with the base revision. */
  readonly heldBack: number;
  readonly key: string;
  /**
   * Do instances outside `members` stay with the revision in their status, if the status has one? True if the
   * definition has `propagateWhen`.
   */
  readonly keepsRecorded?: true;
}

/** The number or share of instances that get a new revision first. */
export type Allowance =
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'percent'; readonly percent: number };

/** Parses `3` or `25%`. Returns `undefined` for any other string, and for zero. */
export function parseAllowance(text: string): Allowance | undefined {
  const match = /^(\d{1,9})(%?)$/.exec(text.trim());
  const value = Number(match?.[1] ?? 0);
  if (match === null || value === 0) return undefined;
  if (match[2] === '') return { kind: 'count', count: value };
  return value > 100 ? undefined : { kind: 'percent', percent: value };
}

/** The number of instances that get a revision first; at most `instances`. A percentage is rounded up. */
export function allowedOf(allowance: Allowance, instances: number): number {
  const allowed = allowance.kind === 'count' ? allowance.count : Math.ceil((instances * allowance.percent) / 100);
  return Math.min(allowed, instances);
}

/** The outcome of a revision for an instance. */
export interface RevisionOutcome {
  readonly revision: number;
  readonly state: 'ready' | 'failed' | 'waiting';
  /** The message of the condition `Ready`; empty when the instance is ready. */
  readonly message: string;
}

/**
 * May a roll-out choose the instance? An instance that is pinned, suspended or being deleted follows no new revision.
 */
export function followsRollouts(instance: KubeObject): boolean {
  return (
    instance.metadata.deletionTimestamp === undefined &&
    pinnedRevision(instance) === undefined &&
    !Finalizers.isSuspended(instance)
  );
}

/**
 * May a roll-out choose the instance for this revision? An instance that is younger than the revision is not chosen. It
 * follows the base revision until the roll-out ends.
 *
 * @param revision the GraphRevision in the cluster
 */
export function mayTry(instance: KubeObject, revision: KubeObject): boolean {
  return followsRollouts(instance) && createdAt(instance) <= createdAt(revision);
}

const createdAt = ({ metadata }: KubeObject): number => Date.parse(metadata.creationTimestamp ?? '') || 0;

/** The key of an instance: `namespace/name`, and `/name` for a cluster-scoped instance. */
export function instanceKey({ metadata: { namespace = '', name = '' } }: KubeObject): string {
  return `${namespace}/${name}`;
}

/** An instance that may get a new revision. */
export interface RolloutCandidate {
  readonly id: string;
  readonly uid: string;
  /** The outcome of the last pass; `undefined` before the first pass. */
  readonly outcome?: RevisionOutcome;
}

/** The input of the decision about a roll-out. */
export interface RolloutInput {
  readonly revision: number;
  readonly candidates: readonly RolloutCandidate[];
  /** The number of instances that get the revision first. */
  readonly count: number;
  /** The ids of the instances that were chosen before. They stay chosen while they are candidates. */
  readonly chosen: ReadonlySet<string>;
}

/** The decision about which instances get a revision. */
export type Rollout =
  /** All instances get the revision, because the chosen instances are ready or there are no others. */
  | { readonly phase: 'everywhere' }
  | {
      readonly phase: 'waiting' | 'held';
      readonly members: ReadonlySet<string>;
      /** Is the outcome of a member unknown to this process, for example after a restart? */
      readonly unseen: boolean;
      /** The members that failed, in the order in which they were chosen. */
      readonly failed: readonly { readonly id: string; readonly message: string }[];
    };

/**
 * Decides which instances get a revision: the chosen instances until all of them are ready, and then all instances.
 * Instances that were chosen before stay chosen. New choices depend only on the UIDs and the ids, so that a new process
 * chooses the same instances.
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

/** The position of an instance in the order of a roll-out. Each process computes the same position. */
export function rank(uid: string): string {
  return cryptoLibrary().createHash('sha256').update(uid).digest('hex');
}
