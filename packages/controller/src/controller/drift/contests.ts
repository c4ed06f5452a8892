import { type BackoffPolicy, backoffMs, RETRY_POLICIES } from '@typekro/kit/core';
import { type ApplyAction, type Observations, WriteRules } from '@typekro/engine/runtime';
import type { InstanceRecord } from '../instance/record.ts';

/** The policy for contests: when repeated drift counts as a contest, and how long the controller then pauses. */
export interface ContestPolicy {
  /** The number of reverts of one field within `windowMs` that makes a contest. */
  readonly reverts: number;
  readonly windowMs: number;
  /** The pause after each revert of a contested field. */
  readonly pause: BackoffPolicy;
}

/** The default policy: five reverts in two minutes make a contest, with the pauses of `contestedField`. */
export const CONTEST_POLICY: ContestPolicy = { reverts: 5, windowMs: 120_000, pause: RETRY_POLICIES.contestedField };

/** A reverted field: its path, and the managers that had changed it. */
export interface RevertedField {
  readonly path: string;
  readonly managers: readonly string[];
}

/**
 * The fields that a write reverts, each with its managers. A write that takes the object from another ApplySet reverts
 * `OWNER_FIELD`. Returns `undefined` when the write reverts no field.
 */
export function revertedFields({ why, differences, formerOwner }: ApplyAction): readonly RevertedField[] | undefined {
  if (formerOwner !== undefined) return [{ path: WriteRules.OWNER_FIELD, managers: [`ApplySet "${formerOwner}"`] }];
  return why === 'drift' ? differences : undefined;
}

/** The recent drift of one object. */
export interface DriftHistory {
  /** Times of the recent reverts of each field, oldest first. */
  readonly reverts: ReadonlyMap<string, readonly number[]>;
  readonly contest?: Observations.Contest & { readonly pauses: number };
}

export const NO_DRIFT: DriftHistory = { reverts: new Map() };

/**
 * The recent drift of all objects, whichever instance reverts it. A contest between many instances about one object is
 * one contest: counted for each instance, its writes would grow with the number of instances.
 */
export class Contests {
  /** By `targetKey`. The object with the last revert is at the end. */
  readonly #histories = new Map<string, DriftHistory & { readonly at: number }>();

  add(key: string, fields: readonly RevertedField[], now: number): void {
    const history = withRevert(this.#histories.get(key) ?? NO_DRIFT, fields, now);
    this.#histories.delete(key);
    this.#histories.set(key, { ...history, at: now });
    for (const [oldest, { at, contest }] of this.#histories) {
      if ((contest?.endsAt ?? at + CONTEST_POLICY.windowMs) > now) break;
      this.#histories.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#histories.delete(key);
  }

  /**
   * The contest about an object, as one of its instances sees it. `undefined` when there is none, and when this instance
   * has forgotten its failures after the last revert.
   */
  at(key: string, { applySet, forgottenAt }: InstanceRecord, now: number): Observations.Contest | undefined {
    const history = this.#histories.get(key);
    const contest = history === undefined || history.at < forgottenAt ? undefined : contestAt(history, now);
    const isOther = (manager: string): boolean => manager !== `ApplySet "${applySet}"`;
    return contest === undefined ? undefined : { ...contest, managers: contest.managers.filter(isOther) };
  }
}

/** The contest that is going on at `now`; `undefined` when there is none. */
export function contestAt(history: DriftHistory | undefined, now: number): Observations.Contest | undefined {
  const contest = history?.contest;
  return contest === undefined || contest.endsAt <= now ? undefined : contest;
}

/** The history after a revert of `fields`. */
export function withRevert(
  history: DriftHistory,
  fields: readonly RevertedField[],
  now: number,
  policy: ContestPolicy = CONTEST_POLICY,
): DriftHistory {
  const reverts = new Map<string, readonly number[]>();
  const recent = (times: readonly number[]) => times.filter((time) => time > now - policy.windowMs);
  for (const [path, times] of history.reverts) if (recent(times).length > 0) reverts.set(path, recent(times));
  for (const { path } of fields) reverts.set(path, [...(reverts.get(path) ?? []), now].slice(-policy.reverts));
  const before = contestAt(history, now) === undefined ? undefined : history.contest;
  const contested = fields.filter(({ path }) => {
    return before?.fields.includes(path) === true || (reverts.get(path)?.length ?? 0) >= policy.reverts;
  });
  if (contested.length === 0) return before === undefined ? { reverts } : { reverts, contest: before };
  const pauses = (before?.pauses ?? 0) + 1;
  const pauseMs = backoffMs(policy.pause, pauses, 0);
  const retryAt = now + pauseMs;
  const contest = {
    fields: sorted([...(before?.fields ?? []), ...contested.map(({ path }) => path)]),
    managers: sorted([...(before?.managers ?? []), ...contested.flatMap(({ managers }) => managers)]),
    pauses,
    retryAt,
    endsAt: retryAt + Math.max(policy.windowMs, pauseMs),
  };
  return { reverts, contest };
}

function sorted(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}
