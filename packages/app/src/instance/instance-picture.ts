import { namespacedName, objectName, refOf, TypeKroError } from '@typekro/kit/core';
import { type Graph, GraphOutline } from '@typekro/engine/graph';
import type { ShownState } from '@typekro/controller/inspect';
import { printableLine } from '../text/output-text.ts';
import { type InstanceObservation, currentNodes, recordedState } from './observation.ts';
import { shownMark, shownNodes } from './shown-node.ts';
import type { InstanceStatus } from '../drawing/outline-text.ts';
import { toDot } from '../drawing/dot.ts';
import { toMermaid } from '../drawing/mermaid.ts';
import { toSvg } from '../drawing/svg.ts';

const TONES: Readonly<Record<ShownState, InstanceStatus['instance']['tone']>> = {
  ready: 'ready',
  skipped: 'idle',
  deleted: 'idle',
  unknown: 'idle',
  failed: 'failed',
  blocked: 'failed',
  pending: 'busy',
  applying: 'busy',
  waiting: 'busy',
  deleting: 'busy',
};

/** The formats that draw one graph. */
const PICTURES: Readonly<Record<string, (graph: Graph, states?: InstanceStatus) => string>> = {
  mermaid: toMermaid,
  dot: (graph, states) => toDot(GraphOutline.of(graph), states),
  svg: (graph, states) => toSvg(GraphOutline.of(graph), states),
};
export const PICTURE_FORMATS = Object.keys(PICTURES);

/** Returns for each format a function that draws the graph of the format, with the states of its nodes. */
export const picturesOf = (
  graphOf: (format: string) => Graph,
  states?: InstanceStatus,
): Readonly<Record<string, () => readonly string[]>> =>
  Object.fromEntries(
    Object.entries(PICTURES).map(([form, draw]) => [form, () => [draw(graphOf(form), states).trimEnd()]]),
  );

/** Returns the graph that an instance follows. Throws `TypeKroError` `cli/no-graph` when it has none. */
export function graphOf({ graph, instance, missing }: InstanceObservation): Graph {
  if (graph !== undefined) return graph;
  throw new TypeKroError(`${objectName(refOf(instance))} has no graph that can be drawn: ${missing}`, {
    code: 'cli/no-graph',
    remedy: 'typekro tree -o text shows its objects by their labels',
  });
}

/** Returns the states of an instance and its nodes, for a picture. */
export function instanceStatus(observation: InstanceObservation): InstanceStatus {
  const { instance, decision, refusedWrites } = observation;
  const { state } = recordedState(instance);
  const shownIn = shownNodes(decision.nodes, refusedWrites);
  const tone = state === 'ACTIVE' ? 'ready' : state === 'ERROR' ? 'failed' : 'busy';
  const title = namespacedName(instance.metadata);
  return {
    instance: { tone, text: state === '' ? title : `${title} ${state}` },
    nodes: new Map(
      currentNodes(decision).map((node) => {
        const { state: shown, reason } = shownIn.of(node);
        const text = printableLine(`${shownMark(shown, false)} ${shown}${reason === '' ? '' : `: ${reason}`}`);
        return [node.id, { tone: TONES[shown], text }];
      }),
    ),
  };
}
