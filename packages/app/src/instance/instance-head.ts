import type { ReportHead } from '@typekro/controller/inspect';
import { count, formatDiagnostic, objectName, refOf } from '@typekro/kit/core';
import { type Decision, NodeReport } from '@typekro/engine/runtime';
import { age } from '@typekro/kit/kubernetes';
import { printable, printableLine } from '../text/output-text.ts';
import { type InstanceObservation, currentNodes, recordedState } from './observation.ts';
import { shownNodes } from './shown-node.ts';
import { suspendsWrites, suspensionText } from './suspension.ts';

/**
 * Returns the first lines of the views of `tree`, `why` and `status`. The first line is like
 * `WebApp team-a/shop IN_PROGRESS 4m12s revision 7 2 of 5 nodes ready`. Then follow notes, such as a suspension, and
 * the errors of a revision that does not compile.
 *
 * @param now milliseconds since the epoch
 */
export function headLines(observation: InstanceObservation, now: number): string[] {
  const { instance, decision, revision } = observation;
  const { state, ready } = recordedState(instance);
  const changed = Date.parse(ready?.lastTransitionTime ?? '');
  const since = Number.isNaN(changed) ? '' : ` ${age(ready?.lastTransitionTime, now)}`;
  const nodes = currentNodes(decision);
  const { deletionTimestamp } = instance.metadata;
  const isResting = suspendsWrites(instance);
  const parts = [
    objectName(refOf(instance)),
    state === '' ? 'no controller has written its status yet' : `${state}${since}`,
    ...(deletionTimestamp === undefined ? [] : [`being deleted for ${age(deletionTimestamp, now)}`]),
    ...(isResting ? ['suspended'] : []),
    ...(revision === 0 ? [] : [`revision ${revision}`]),
    ...(nodes.length === 0 ? [] : [nodesText(decision, deletionTimestamp !== undefined)]),
  ];
  return [
    parts.map(printableLine).join('   '),
    ...(isResting ? [`note: ${printableLine(suspensionText(refOf(instance)))}`] : []),
    ...noteLines(observation),
  ];
}

/** The lines of the notes, and of the errors of a revision that does not compile. */
export function noteLines({ notes = [], problems = [] }: Pick<ReportHead, 'notes' | 'problems'>): string[] {
  return [
    ...notes.map((note) => `note: ${printableLine(note)}`),
    ...problems.map((problem) => printable(formatDiagnostic(problem))),
  ];
}

export function reportHead({ instance, notes, problems }: InstanceObservation): ReportHead {
  return {
    schemaVersion: 1,
    instance: refOf(instance),
    state: recordedState(instance).state,
    ...(suspendsWrites(instance) ? { suspended: true } : {}),
    ...(notes.length === 0 ? {} : { notes }),
    ...(problems.length === 0 ? {} : { problems }),
  };
}

/**
 * Prints `2 of 4 nodes ready, 1 unknown, 1 skipped, 1 deletion open`. The total (4) does not include skipped nodes. For
 * an instance that is being deleted, counts the deleted nodes.
 */
function nodesText(decision: Decision, isBeingDeleted: boolean): string {
  const { nodes, ready, skipped, deleted, unknown } = shownNodes(decision.nodes).count(currentNodes(decision));
  const retired = decision.nodes.filter((node) => node.retired === true && !NodeReport.isDone(node)).length;
  const open = retired === 0 ? '' : `, ${count(retired, 'deletion')} open`;
  if (nodes === 0) return `every node skipped (${skipped})${open}`;
  const hidden = unknown === undefined ? '' : `, ${unknown} unknown`;
  const left = skipped === 0 ? '' : `, ${skipped} skipped`;
  return `${isBeingDeleted ? deleted : ready} of ${nodes} nodes ${isBeingDeleted ? 'deleted' : 'ready'}${hidden}${left}${open}`;
}
