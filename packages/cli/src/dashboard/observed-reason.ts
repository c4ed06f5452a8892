import { readConditions } from '@typekro/engine/runtime';
import type { InstanceObservation } from '../instance/observation.ts';
import { recordedState } from '../instance/observation.ts';
import { shownNodes } from '../instance/shown-node.ts';
import { OF_THE_INSTANCE } from '../instance/why-report.ts';
import { awaitsWrite, waitingText } from './waiting-text.ts';

/**
 * The reason why an observed instance waits, in the words of the report behind `GET instances/REF/why`. Returns
 * `undefined` when the status of the instance has more information: for an obstacle outside of the nodes, and for a
 * failed write that no dry run has tried.
 */
export function observedReason({
  instance,
  decision: { nodes },
  refusedWrites,
}: Pick<InstanceObservation, 'instance' | 'refusedWrites'> & {
  readonly decision: Pick<InstanceObservation['decision'], 'nodes'>;
}): string | undefined {
  const conditions = readConditions(instance.status?.['conditions']);
  if (conditions.some(({ type, status }) => OF_THE_INSTANCE.has(type) && status === 'False')) return undefined;
  if (recordedState(instance).state === 'ERROR' && awaitsWrite(nodes, refusedWrites)) return undefined;
  const shown = shownNodes(nodes, refusedWrites);
  return waitingText(nodes, (node) => shown.of(node));
}
