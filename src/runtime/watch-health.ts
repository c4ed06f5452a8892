import { compareText } from '../golang/index.ts';
import type { KubeObject } from '../core/index.ts';
import { withGroup } from '../core/index.ts';
import type { ConditionContent } from './conditions.ts';
import { readConditions, transition } from './conditions.ts';
import { failureText } from './failure.ts';
import type { Condition, Observed, StepOptions, WatchRequest, WatchState } from './model.ts';

/** kro's condition after 0.10.0-rc.0: do watches report every change of the objects that a step read? */
const WATCHES_HEALTHY = 'WatchesHealthy';

const ALL_SYNCED: ConditionContent = {
  status: 'True',
  reason: 'AllWatchesSynced',
  message: 'changes to all watched kinds are detected',
};

/** The input: the watches of a decision, and the view that knows their states. */
interface Watching {
  readonly instance: KubeObject;
  readonly watch: readonly WatchRequest[];
  readonly observed: Pick<Observed, 'watchState'>;
  readonly options: Pick<StepOptions, 'now' | 'watchHealth'>;
  /** Does the status have conditions of the author? One of them may have the type WatchesHealthy. */
  readonly authored: boolean;
}

/**
 * The condition WatchesHealthy as a list of one. The list is empty unless the options request the condition, and empty
 * for a view without watches. `Ready` does not depend on it. False names each kind that cannot be watched, with the
 * reason. While a watch begins or restarts, a condition that exists stays as it is, because the next write would undo
 * the change.
 */
export function watchHealthConditions({ instance, watch, observed, options, authored }: Watching): Condition[] {
  if (options.watchHealth !== true || observed.watchState === undefined) return [];
  // A condition of the author is not the earlier value of this one.
  const known = authored ? undefined : knownHealth(instance);
  const value = healthOf(watch, observed.watchState.bind(observed));
  if (value.status === 'Unknown' && known !== undefined) return [known];
  return [transition(WATCHES_HEALTHY, value, known, instance.metadata.generation ?? 0, options.now)];
}

/**
 * The condition as the status has it, as a list of one. Decisions that watch nothing keep it unchanged. Empty unless
 * the options request the condition.
 */
export function keptWatchHealth(instance: KubeObject, { watchHealth }: Pick<StepOptions, 'watchHealth'>): Condition[] {
  const known = watchHealth === true ? knownHealth(instance) : undefined;
  return known === undefined ? [] : [known];
}

function knownHealth({ status = {} }: KubeObject): Condition | undefined {
  return readConditions(status['conditions']).find(({ type }) => type === WATCHES_HEALTHY);
}

function healthOf(
  watch: readonly WatchRequest[],
  stateOf: (target: WatchRequest['target']) => WatchState,
): ConditionContent {
  const states = new Map<string, WatchState>();
  for (const { target } of watch) {
    const { group, plural } = target.type;
    const resource = withGroup(plural, group);
    const scope = target.namespace === undefined ? resource : `${resource} in ${target.namespace}`;
    if (!states.has(scope)) states.set(scope, stateOf(target));
  }
  const scopes = [...states].sort(([a], [b]) => compareText(a, b));
  const blocked = scopes.flatMap(([scope, { failure }]) =>
    failure === undefined ? [] : [`${scope}: ${failure.reason}: ${failureText(failure)}`],
  );
  if (blocked.length > 0) {
    const message = `changes are not detected, because a watch is refused: ${blocked.join('; ')}`;
    return { status: 'False', reason: 'WatchBlocked', message };
  }
  const pending = scopes.flatMap(([scope, { state }]) => (state === 'pending' ? [scope] : []));
  if (pending.length === 0) return ALL_SYNCED;
  const message = `waiting for the first list of ${pending.join(', ')}`;
  return { status: 'Unknown', reason: 'WatchesPending', message };
}
