import { compareText } from '@typekro/kit/golang';
import { type KubeObject, withGroup } from '@typekro/kit/core';
import { type ConditionContent, readConditions, transition } from '../conditions.ts';
import { failureText } from '../reports/failure.ts';
import type { Condition, StepOptions, WatchRequest } from '../model.ts';
import type { Observed, WatchState } from '../observed-state.ts';

/**
 * A condition that kro's main branch writes after 0.10.0-rc.0. It reports whether watches detect every change of the
 * objects that a step read.
 */
const WATCHES_HEALTHY = 'WatchesHealthy';

const ALL_SYNCED: ConditionContent = {
  status: 'True',
  reason: 'AllWatchesSynced',
  message: 'changes to all watched kinds are detected',
};

/** The watches of a decision, and the observed cluster, which has the states of the watches. */
interface Watching {
  readonly instance: KubeObject;
  readonly watch: readonly WatchRequest[];
  readonly observed: Pick<Observed, 'watchState'>;
  readonly options: Pick<StepOptions, 'now' | 'watchHealth'>;
  /** Does the status have the author's conditions, one of which may have the type WatchesHealthy? */
  readonly authored: boolean;
}

/**
 * A list with the condition WatchesHealthy. The list is empty if the options do not request the condition, or if
 * `observed` has no states of watches. `Ready` does not depend on this condition. If the status is False, the message
 * names each kind that cannot be watched, with the reason. While a watch starts or restarts and no watch is refused, an
 * existing condition does not change, because it would change back as soon as the watch has started.
 */
export function watchHealthConditions({ instance, watch, observed, options, authored }: Watching): Condition[] {
  if (options.watchHealth !== true || observed.watchState === undefined) return [];
  // A condition of the author with this type is not an earlier value of this condition.
  const known = authored ? undefined : knownHealth(instance);
  const value = healthOf(watch, observed.watchState.bind(observed));
  if (value.status === 'Unknown' && known !== undefined) return [known];
  return [transition(WATCHES_HEALTHY, value, known, instance.metadata.generation ?? 0, options.now)];
}

/**
 * A list with the recorded condition WatchesHealthy, for decisions that watch nothing and keep the condition unchanged.
 * The list is empty if the options do not request the condition.
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
