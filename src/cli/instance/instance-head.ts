import { formatDiagnostic, objectName, refOf } from '../../core/index.ts';
import { age } from '../../kubernetes/index.ts';
import { isDone } from '../../runtime/index.ts';
import { printable, printableLine } from '../printable.ts';
import type { InstanceObservation } from './observation.ts';
import { currentNodes, recordedState } from './observation.ts';

/**
 * Prints the first lines of each view: `WebApp team-a/shop IN_PROGRESS 4m12s revision 7 2 of 5 nodes ready`, then
 * notes, and the errors of a revision that does not compile.
 *
 * @param now milliseconds since the epoch
 */
export function headLines(observation: InstanceObservation, now: number): string[] {
  const { decision, revision, problems, notes } = observation;
  const { state, ready } = recordedState(observation.instance);
  const changed = Date.parse(ready?.lastTransitionTime ?? '');
  const since = Number.isNaN(changed) ? '' : ` ${age(ready?.lastTransitionTime, now)}`;
  const nodes = currentNodes(decision);
  const { deletionTimestamp } = observation.instance.metadata;
  const parts = [
    objectName(refOf(observation.instance)),
    state === '' ? 'no controller has written its status yet' : `${state}${since}`,
    ...(deletionTimestamp === undefined ? [] : [`being deleted since ${age(deletionTimestamp, now)}`]),
    ...(revision === 0 ? [] : [`revision ${revision}`]),
    ...(nodes.length === 0 ? [] : [`${nodes.filter(isDone).length} of ${nodes.length} nodes ready`]),
  ];
  return [
    parts.map(printableLine).join('   '),
    ...notes.map((note) => `note: ${printableLine(note)}`),
    ...problems.map((problem) => printable(formatDiagnostic(problem))),
  ];
}
