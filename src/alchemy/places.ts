import { parseApiVersion } from '../core/index.ts';
import type { Lifecycle, Place } from './model.ts';

/**
 * Is it the same instance? The mode does not count: another mode takes over what is there. Group and kind do:
 * in both modes they are part of what owns the objects.
 */
export function samePlace(a: Place, b: Place): boolean {
  return a.definition === b.definition && a.namespace === b.namespace && a.name === b.name && sameKind(a, b);
}

const sameKind = (a: Place, b: Place): boolean =>
  a.kind === b.kind && parseApiVersion(a.apiVersion).group === parseApiVersion(b.apiVersion).group;

const sameDeletion = (a: Place, b: Place): boolean => a.mode === b.mode && samePlace(a, b);

/**
 * What an attempt that failed may have left where the next one does not look: Alchemy remembers only the
 * output of the last success and the props of the last attempt.
 */
export function leftBehind(last: Pick<Lifecycle, 'output' | 'props'>, wanted: Place): Place | undefined {
  const attempted = last.props?.place;
  if (attempted === undefined || samePlace(attempted, wanted)) return undefined;
  const deployed = last.output?.place;
  return deployed !== undefined && samePlace(attempted, deployed) ? undefined : attempted;
}

/** How an update goes on: in the same place, in another one, or in another one that the old one is in the way of. */
export function moveOf(output: Lifecycle['output'], wanted: Place): 'stay' | 'replace' | 'replace-first' {
  const deployed = output?.place;
  if (deployed === undefined || samePlace(deployed, wanted)) return 'stay';
  // One definition serves one kind: the instance of the other one has to go while its controller is still there.
  return deployed.definition === wanted.definition && !sameKind(deployed, wanted) ? 'replace-first' : 'replace';
}

/**
 * Which instances a deletion removes. `current` is the resource's output in the state: when it is from a later
 * deploy, the deletion is that of a replaced past, and neither what is there now nor what was attempted since
 * is part of that.
 */
export function deletions(asked: Pick<Lifecycle, 'output' | 'props'>, current: Lifecycle['output']): Place[] {
  const deployed = asked.output?.place;
  const attempted = asked.props?.place;
  if (current?.place !== undefined && current.deploy !== asked.output?.deploy) {
    return deployed === undefined || samePlace(deployed, current.place) ? [] : [deployed];
  }
  if (deployed === undefined) return attempted === undefined ? [] : [attempted];
  return attempted === undefined || sameDeletion(deployed, attempted) ? [deployed] : [attempted, deployed];
}
