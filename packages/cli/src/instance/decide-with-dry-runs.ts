import { type ObserveInstanceOptions, type KnownFailure, actionKey, tryWrites } from '@typekro/sdk/deploy';
import type { KubernetesApi } from '@typekro/kube';
import type { Decision } from '@typekro/engine/runtime';

/**
 * The maximum number of decisions. Dry runs check the writes of each decision except the last one. A write without
 * effect counts as made. It can unblock another node, whose writes then appear in the next decision.
 */
const MAX_ROUNDS = 3;

/** The findings of dry runs, as options of the next decision. */
type Tried = Required<Pick<ObserveInstanceOptions, 'isSettled' | 'failures'>>;

/**
 * Decides like a controller, and corrects the decision with the results of dry runs. A write is left out if the server
 * only normalises its values. A write that conflicts with another field manager counts as failed.
 */
export async function decideWithDryRuns(
  api: KubernetesApi,
  decide: (tried: Tried) => Promise<Decision>,
  signal: AbortSignal,
): Promise<Decision> {
  const settled = new Set<string>();
  const failures: KnownFailure[] = [];
  for (let round = 1; ; round += 1) {
    const decision = await decide({ isSettled: (action) => settled.has(actionKey(action)), failures });
    if (round === MAX_ROUNDS) return decision;
    const tried = await tryWrites(api, decision.apply, signal);
    if (tried.settled.size === 0 && tried.conflicts.length === 0) return decision;
    for (const key of tried.settled) settled.add(key);
    failures.push(...tried.conflicts);
  }
}
