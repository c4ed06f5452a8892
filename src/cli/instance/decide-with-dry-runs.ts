import type { ObserveInstanceOptions } from '../../deploy/index.ts';
import type { KnownFailure } from '../../deploy/index.ts';
import { actionKey, tryWrites } from '../../deploy/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import type { Decision } from '../../runtime/index.ts';

/**
 * The maximum number of rounds of dry runs. When a write counts as made or as refused, another node can have its turn,
 * with writes to check in the next round.
 */
const MAX_ROUNDS = 3;

/** What dry runs have told, as options of another decision. */
type Tried = Required<Pick<ObserveInstanceOptions, 'isSettled' | 'failures'>>;

/**
 * Decides, without the writes that would change nothing because the server only normalises their values, and with the
 * conflicts of fields that a controller would meet. Dry runs find both.
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
