import { tableLines } from '../text/text-layout.ts';
import { count, definedMembers, formatRef, objectName } from '@typekro/kit/core';
import { withCommand, type OwnedObject, type TreeNode } from '@typekro/controller/inspect';
import type { Reports } from '@typekro/engine/runtime';
import { printableLine } from '../text/output-text.ts';
import { contributedFields, contributedText } from './contributed-fields.ts';
import { headLines } from './instance-head.ts';
import type { InstanceObservation } from './observation.ts';
import { shownMark, shownNodes } from './shown-node.ts';

/** Returns the nodes of an instance as data. */
export function treeNodes({ decision, graph, refusedWrites, remedies, owned }: InstanceObservation): TreeNode[] {
  const shown = shownNodes(decision.nodes, refusedWrites, remedies);
  return decision.nodes.map((node) => {
    const { id, objects } = node;
    const writes = contributedFields(graph?.nodes.get(id));
    return withCommand({
      id,
      ...(node.retired === true ? { retired: true } : {}),
      ...shown.of(node),
      objects: objects.map((each) => ({ ...each, ...definedMembers({ owned: owned?.get(formatRef(each.object)) }) })),
      ...(writes.length === 0 ? {} : { writes }),
    });
  });
}

/**
 * Returns lines about the instance, and one line for each node with its objects, in the order of the graph. Lines are
 * not truncated.
 */
export function treeLines(observation: InstanceObservation, now: number, colour: boolean): string[] {
  const nodes = observation.decision.nodes;
  const shown = shownNodes(nodes, observation.refusedWrites);
  const columns = tableLines(
    nodes.map((node) => {
      const { state, reason } = shown.of(node);
      const writes = contributedText(observation.graph?.nodes.get(node.id));
      const text = printableLine(`${state}${reason === '' ? '' : `: ${reason}`}${writes}`);
      return [node.id, objectsText(node.objects), text];
    }),
  );
  const rows = nodes.flatMap((node, index) => {
    const branch = index === nodes.length - 1 ? '└─' : '├─';
    const owned = node.objects.flatMap(({ object }) => observation.owned?.get(formatRef(object)) ?? []);
    const indent = index === nodes.length - 1 ? '      ' : '│     ';
    return [
      `${branch} ${shownMark(shown.of(node).state, colour)} ${columns[index]}`,
      ...ownedLines(owned, colour).map((line) => `${indent}${line}`),
    ];
  });
  return [...headLines(observation, now), ...rows];
}

/** The maximum number of owned objects that are printed for a node. */
const MAX_OWNED = 8;

/** The owned objects, those that are not ready first. */
function ownedLines(owned: readonly OwnedObject[], colour: boolean): string[] {
  const sorted = owned.toSorted((a, b) => Number(a.state === 'ready') - Number(b.state === 'ready'));
  const lines = sorted.slice(0, MAX_OWNED).map(({ object, state, value, restarts, message, log }) => {
    const facts = [value, restarts === undefined ? undefined : count(restarts, 'restart'), message, log];
    const text = facts.filter((fact) => fact !== undefined).join(', ');
    return printableLine(`${shownMark(state, colour)} ${object.kind} ${object.name}  ${text}`.trimEnd());
  });
  return owned.length <= MAX_OWNED ? lines : [...lines, `… and ${owned.length - MAX_OWNED} more`];
}

/** `Deployment team-a/shop`, or the kind and number of several objects. */
function objectsText(objects: readonly Reports.ObjectReport[]): string {
  const [first] = objects;
  if (first === undefined) return '';
  if (objects.length > 1) return `${first.object.kind} ×${objects.length}`;
  return printableLine(objectName(first.object));
}
