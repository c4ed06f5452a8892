import { type ObserveInstanceOptions, type KnownFailure, actionKey, tryWrites } from '@typekro/sdk/deploy';
import type { KubernetesApi } from '@typekro/kube';
import type { ApplyAction, Decision } from '@typekro/engine/runtime';

/**
 * The maximum number of decisions. Dry runs check the writes of each decision except the last one. A write without
 * effect counts as made. It can unblock another node, whose writes then appear in the next decision.
 */
const MAX_ROUNDS = 3;

/** The findings of dry runs, as options of the next decision. */
type Tried = Required<Pick<ObserveInstanceOptions, 'isSettled' | 'failures'>>;

/** A decision, and the writes that the server would store without the wanted values, so that they are left out. */
export interface TriedDecision {
  readonly decision: Decision;
  readonly changedWrites: readonly ApplyAction[];
}

/**
 * Decides like a controller, and corrects the decision with the results of dry runs. A write is left out if the server
 * only normalises its values. A write that conflicts with another field manager counts as failed.
 */
export async function decideWithDryRuns(
  api: KubernetesApi,
  decide: (tried: Tried) => Promise<Decision>,
  signal: AbortSignal,
): Promise<TriedDecision> {
  const settled = new Map<string, ApplyAction>();
  const failures: KnownFailure[] = [];
  for (let round = 1; ; round += 1) {
    const decision = await decide({ isSettled: (action) => settled.has(actionKey(action)), failures });
    const changedWrites = [...settled.values()].filter(losesValues);
    if (round === MAX_ROUNDS) return { decision, changedWrites };
    const tried = await tryWrites(api, decision.apply, signal);
    if (tried.settled.size === 0 && tried.conflicts.length === 0) return { decision, changedWrites };
    for (const action of decision.apply)
      if (tried.settled.has(actionKey(action))) settled.set(actionKey(action), action);
    failures.push(...tried.conflicts);
  }
}

/** Does a write without an effect have other values than the live object? The owner of an equal value does not count. */
const losesValues = ({ differences = [] }: ApplyAction): boolean => differences.some(({ kind }) => kind !== 'unowned');
