import { objectName } from '@typekro/kit/core';
import type { TreeNode } from '@typekro/controller/inspect';
import type { Reports } from '@typekro/engine/runtime';
import { printableLine } from '../text/output-text.ts';
import { contributedFields, contributedText } from './contributed-fields.ts';
import { headLines } from './instance-head.ts';
import type { InstanceObservation } from './observation.ts';
import { shownMark, shownNodes } from './shown-node.ts';

/** Returns the nodes of an instance as data. */
export function treeNodes({ decision, graph, refusedWrites }: InstanceObservation): TreeNode[] {
  const shown = shownNodes(decision.nodes, refusedWrites);
  return decision.nodes.map((node) => {
    const { id, objects } = node;
    const writes = contributedFields(graph?.nodes.get(id));
    return {
      id,
      ...(node.retired === true ? { retired: true } : {}),
      ...shown.of(node),
      objects,
      ...(writes.length === 0 ? {} : { writes }),
    };
  });
}

/**
 * Returns lines about the instance, and one line for each node with its objects, in the order of the graph. Lines are
 * not truncated.
 */
export function treeLines(observation: InstanceObservation, now: number, colour: boolean): string[] {
  const nodes = observation.decision.nodes;
  const shown = shownNodes(nodes, observation.refusedWrites);
  const labels = nodes.map(({ objects }) => objectsText(objects));
  const [idWidth, objectWidth] = [widthOf(nodes.map(({ id }) => id)), widthOf(labels)];
  const rows = nodes.map((node, index) => {
    const branch = index === nodes.length - 1 ? '└─' : '├─';
    const { state, reason } = shown.of(node);
    const writes = contributedText(observation.graph?.nodes.get(node.id));
    const text = printableLine(`${state}${reason === '' ? '' : `: ${reason}`}${writes}`);
    const columns = [node.id.padEnd(idWidth), (labels[index] ?? '').padEnd(objectWidth), text];
    return `${branch} ${shownMark(state, colour)} ${columns.join('  ')}`.trimEnd();
  });
  return [...headLines(observation, now), ...rows];
}

const widthOf = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length));

/** `Deployment team-a/shop`, or the kind and number of several objects. */
function objectsText(objects: readonly Reports.ObjectReport[]): string {
  const [first] = objects;
  if (first === undefined) return '';
  if (objects.length > 1) return `${first.object.kind} ×${objects.length}`;
  return printableLine(objectName(first.object));
}
