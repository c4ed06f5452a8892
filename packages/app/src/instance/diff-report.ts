import { type ObjectRef, definedMembers, formatRef, objectName, stringifyJson } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import { withCommand, type DiffReport, type ObjectDifference } from '@typekro/controller/inspect';
import { type FieldDifference, type NodeReport, ObjectTarget, Secrets } from '@typekro/engine/runtime';
import { printable, printableLine } from '../text/output-text.ts';
import { noteLines, reportHead } from './instance-head.ts';
import type { InstanceObservation } from './observation.ts';
import { suspensionText } from './suspension.ts';
import { type RefusedWrites, refusalKey, shownNodes } from './shown-node.ts';

/**
 * Compares the objects of an instance with the graph. Lists first the objects to write, in the order of the writes.
 * Then follow the orphaned objects, the deletions, and the objects of which only fields are released.
 */
export function diffReport(observation: InstanceObservation, graph: Graph): DiffReport {
  const { node, decision: now, resumed, refusedWrites, remedies, changedWrites = [] } = observation;
  const decision = resumed ?? now;
  const isSelected = (id: string): boolean => node === undefined || id === node;
  const known = [
    ...decision.nodes.flatMap(({ id, objects }) => objects.map(({ object }) => [id, object] as const)),
    ...[...decision.apply, ...changedWrites].map(({ nodeId, target }) => [nodeId, ObjectTarget.refOf(target)] as const),
  ];
  const hides = Secrets.liveFieldsOf(graph, Secrets.liveNodes(known));
  const shownFields = (nodeId: string, differences: readonly FieldDifference[]) =>
    differences.map((difference) => (hides(nodeId, difference.path) ? masked(difference) : difference));
  const kept = changedWrites.map(({ nodeId, target, differences = [] }) => ({
    node: nodeId,
    object: ObjectTarget.refOf(target),
    fields: shownFields(
      nodeId,
      differences.filter(({ kind }) => kind !== 'unowned'),
    ),
  }));
  const changes: ObjectDifference[] = [
    ...decision.apply.map(({ nodeId, target, why, lastWriter, differences = [] }) => ({
      node: nodeId,
      object: ObjectTarget.refOf(target),
      action: why,
      ...(lastWriter === undefined ? {} : { lastWriter }),
      ...refusalOf(refusedWrites, nodeId, ObjectTarget.refOf(target)),
      fields: shownFields(nodeId, differences),
    })),
    ...(decision.orphan ?? []).map(({ nodeId, target }) => removed('orphan', nodeId, target)),
    ...decision.delete.map(({ nodeId, target }) => ({
      ...removed('delete', nodeId, target),
      ...refusalOf(refusedWrites, nodeId, ObjectTarget.refOf(target)),
    })),
    ...(decision.release ?? []).map(({ target }) => removed('release', '', target)),
  ];
  const acting = new Set(changes.map((change) => change.node));
  const shown = shownNodes(decision.nodes, refusedWrites, remedies);
  const left = decision.nodes.filter((each) => isSelected(each.id) && !acting.has(each.id) && !isCompared(each));
  const { state: _state, suspended: _suspended, ...head } = reportHead(observation);
  return {
    ...head,
    ...(resumed === undefined ? {} : { suspended: true }),
    changes: changes.filter((change) => isSelected(change.node)),
    kept: kept.filter((each) => isSelected(each.node)),
    notCompared: left.map((each) => {
      const { reason, remedy } = shown.of(each);
      return withCommand({ node: each.id, reason, ...definedMembers({ remedy }) });
    }),
  };
}

const removed = (action: ObjectDifference['action'], node: string, target: ObjectTarget): ObjectDifference => ({
  node,
  object: ObjectTarget.refOf(target),
  action,
  fields: [],
});

/** The refusal of the write or the deletion of this object, if it is among the refused ones of its node. */
function refusalOf(all: RefusedWrites = new Map(), id: string, ref: ObjectRef): Pick<ObjectDifference, 'refused'> {
  const keys = [refusalKey({ id }), refusalKey({ id, retired: true })];
  const refused = keys.flatMap((key) => all.get(key) ?? []).flatMap((first) => [first, ...(first.others ?? [])]);
  const write = refused.find(({ object }) => object !== undefined && formatRef(object) === formatRef(ref));
  if (write === undefined) return {};
  const { problem: reason, remedy } = write;
  return { refused: withCommand({ reason, ...definedMembers({ remedy }) }) };
}

/**
 * Were the objects of the node compared with its desired state? A node with unresolved expressions has no desired state
 * yet.
 */
function isCompared({ state, objects }: NodeReport): boolean {
  const isKnown = objects.every((object) => object.state !== 'unknown' && object.state !== 'failed');
  return isKnown && (state === 'ready' || state === 'skipped' || state === 'deleted' || state === 'waiting');
}

function masked({ wanted, found, ...difference }: FieldDifference): FieldDifference {
  return {
    ...difference,
    ...(wanted === undefined ? {} : { wanted: Secrets.MASK }),
    ...(found === undefined ? {} : { found: Secrets.MASK }),
  };
}

const SIGNS: Readonly<Record<ObjectDifference['action'], string>> = {
  create: '+',
  adopt: '~',
  change: '~',
  drift: '~',
  delete: '-',
  orphan: '~',
  release: '~',
};

/** Prints the report as text, with one line per object, per differing field, and per node that was not compared. */
export function differenceLines({ changes, kept, notCompared, ...head }: DiffReport): string[] {
  const { instance, suspended } = head;
  if ([changes, kept, notCompared].every(({ length }) => length === 0))
    return [...noteLines(head), 'no difference: every object is as the graph wants it'];
  const lines = changes.flatMap(({ node, object, action, lastWriter, refused, fields }) => {
    const writer = lastWriter === undefined || action !== 'drift' ? '' : `, last written by ${lastWriter}`;
    const what = `${action}${node === '' ? '' : ` (${node})`}${writer}`;
    return [
      `${SIGNS[action]} ${printableLine(objectName(object))}  ${printableLine(what)}`,
      ...fields.map(
        (field) => `    ${printableLine(field.path)}  ${fieldText(field, action === 'drift' && refused === undefined)}`,
      ),
      ...(refused === undefined ? [] : [`    refused  ${printableLine(refused.reason)}`]),
      ...(refused?.remedy === undefined ? [] : [`    do       ${printableLine(refused.remedy)}`]),
    ];
  });
  const held = suspended === true ? [`note: the instance is ${printableLine(suspensionText(instance))}`] : [];
  return [
    ...held,
    ...noteLines(head),
    ...lines,
    ...kept.flatMap(({ node, object, fields }) => [
      `= ${printableLine(objectName(object))}  changed by the API server, a webhook or a policy in each write (${node})`,
      ...fields.map((field) => `    ${printableLine(field.path)}  ${fieldText(field, false)}`),
    ]),
    ...notCompared.flatMap(({ node, reason, remedy }) => [
      `? ${node}  not compared: ${printableLine(reason)}`,
      ...(remedy === undefined ? [] : [`    do       ${printableLine(remedy)}`]),
    ]),
  ];
}

/** The maximum number of characters that are printed of a value. */
const MAX_VALUE_LENGTH = 200;

function fieldText({ kind, wanted, found, managers }: FieldDifference, isPutBack: boolean): string {
  const by = managers.length === 0 ? '' : `, by ${printableLine(managers.join(', '))}`;
  const end = isPutBack ? ' and will be put back' : '';
  switch (kind) {
    case 'differs':
      return `${valueText(found)} in the cluster${by}; ${valueText(wanted)} is wanted${end}`;
    case 'missing':
      return `is missing; ${valueText(wanted)} is wanted`;
    case 'unowned':
      return `${valueText(found)} is as wanted, and the controller does not own it${managers.length === 0 ? '' : `; owners: ${printableLine(managers.join(', '))}`}`;
    case 'release':
      return `${valueText(found)} is no longer wanted`;
  }
}

/** Prints a value on one line. White space is kept, because two values can differ in white space only. */
function valueText(value: FieldDifference['wanted']): string {
  if (value === undefined) return 'nothing';
  const text = value === Secrets.MASK ? Secrets.MASK : printable(stringifyJson(value));
  return text.length <= MAX_VALUE_LENGTH ? text : `${text.slice(0, MAX_VALUE_LENGTH)}… (${text.length} characters)`;
}
