import type { KubeObject } from '@typekro/kit/core';
import type { Condition } from '@typekro/engine/runtime';
import type { Allowance, RolloutCandidate } from './canary.ts';
import { allowedOf, decideRollout, followsRollouts, instanceKey, mayTry } from './canary.ts';
import { rolloutCount } from './rollouts.ts';

/** How a revision will reach the existing instances. */
export interface RolloutPreview {
  /**
   * `waiting`: the members get the revision first. `held`: a member failed, and the other instances keep their
   * revision.
   */
  readonly phase: 'waiting' | 'held';
  /** The keys (`instanceKey`) of the instances that get the revision first. */
  readonly members: ReadonlySet<string>;
  /** The message of the definition's condition `RolledOut`. Set only for `held`. */
  readonly message?: string;
}

/** The input of a preview of a roll-out. */
export interface RolloutPreviewInput {
  readonly revision: number;
  /** The GraphRevision in the cluster. Absent for a revision that has not been issued yet. */
  readonly issued?: KubeObject | undefined;
  readonly allowance: Allowance | undefined;
  readonly instances: readonly KubeObject[];
  /** The conditions of the live definition. */
  readonly conditions: readonly Condition[];
  /** Returns the id of an instance for its key. */
  readonly idOf: (key: string) => string;
}

/**
 * Predicts which instances get a revision first. Chooses them as the controller does: the UIDs determine the choice,
 * and instances that are younger than the revision are left out. The number of chosen instances is at least the number
 * that the revision records. Returns `undefined` without a canary policy, after the roll-out, and when all instances
 * get the revision at once. The condition `RolledOut` determines the phase of a running roll-out.
 */
export function previewRollout(input: RolloutPreviewInput): RolloutPreview | undefined {
  const { revision, issued, allowance, instances, conditions, idOf } = input;
  if (allowance === undefined) return undefined;
  const recorded = conditions.find(({ type }) => type === 'RolledOut');
  if (issued !== undefined && (recorded === undefined || recorded.status === 'True')) return undefined;
  const recordedCount = issued === undefined ? 0 : rolloutCount(issued);
  if (recordedCount === undefined) return undefined;
  const keys = new Map<string, string>();
  const candidates: RolloutCandidate[] = [];
  for (const object of instances) {
    if (issued === undefined ? !followsRollouts(object) : !mayTry(object, issued)) continue;
    const id = idOf(instanceKey(object));
    keys.set(id, instanceKey(object));
    candidates.push({ id, uid: object.metadata.uid ?? '' });
  }
  const count = Math.max(recordedCount, allowedOf(allowance, candidates.length));
  const rollout = decideRollout({ revision, candidates, count, chosen: new Set() });
  if (rollout.phase === 'everywhere') return undefined;
  const members = new Set([...rollout.members].map((id) => keys.get(id) ?? id));
  const isHeld = issued !== undefined && recorded?.status === 'False';
  return {
    phase: isHeld ? 'held' : 'waiting',
    members,
    ...(isHeld && recorded?.message !== undefined ? { message: recorded.message } : {}),
  };
}
