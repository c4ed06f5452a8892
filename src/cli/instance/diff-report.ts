import type { ObjectRef } from '../../core/index.ts';
import { objectName, refOf, stringifyJson } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import type { ApplyAction, FieldDifference, NodeReport } from '../../runtime/index.ts';
import { explainNode, refOfTarget } from '../../runtime/index.ts';
import { printable, printableLine } from '../printable.ts';
import type { InstanceObservation } from './observation.ts';
import { secretFields } from './secret-fields.ts';

/** `typekro diff` as JSON. A later release with the same `schemaVersion` only adds fields. */
export interface DiffReport {
  readonly schemaVersion: 1;
  readonly instance: ObjectRef;
  /** The instance is suspended: the changes are made once it is resumed. */
  readonly suspended?: true;
  readonly changes: readonly ObjectDifference[];
  /** Nodes that wait, are suspended or could not be read: what would be changed there is not known. */
  readonly notCompared: readonly NotCompared[];
}

/** What the controller would do to one object now. */
export interface ObjectDifference {
  readonly node: string;
  readonly object: ObjectRef;
  /** `create`: it is absent. `adopt`: it is another's. `change`: the graph wants something else. `drift`: another program changed it. */
  readonly action: ApplyAction['why'] | 'delete';
  /** The manager that wrote the object last, as far as that is known. */
  readonly lastWriter?: string;
  readonly fields: readonly FieldDifference[];
}

/** A node whose objects are not compared, and why. */
export interface NotCompared {
  readonly node: string;
  readonly reason: string;
}

/** Everything that is not as the graph wants it, objects in the order in which they would be written. */
export function diffReport({ instance, node, decision: now, resumed }: InstanceObservation, graph: Graph): DiffReport {
  const decision = resumed ?? now;
  const isAsked = (id: string): boolean => node === undefined || id === node;
  const hides = secretFields(graph);
  const changes: ObjectDifference[] = [
    ...decision.apply.map(({ nodeId, target, why, lastWriter, differences = [] }) => ({
      node: nodeId,
      object: refOfTarget(target),
      action: why,
      ...(lastWriter === undefined ? {} : { lastWriter }),
      fields: differences.map((difference) => (hides(nodeId, difference.path) ? masked(difference) : difference)),
    })),
    ...decision.delete.map(({ nodeId, target }) => ({
      node: nodeId,
      object: refOfTarget(target),
      action: 'delete' as const,
      fields: [],
    })),
  ];
  const acting = new Set(changes.map((change) => change.node));
  const left = decision.nodes.filter((each) => isAsked(each.id) && !acting.has(each.id) && !isCompared(each));
  return {
    schemaVersion: 1,
    instance: refOf(instance),
    ...(resumed === undefined ? {} : { suspended: true }),
    changes: changes.filter((change) => isAsked(change.node)),
    notCompared: left.map((each) => ({ node: each.id, reason: explainNode(each).reason })),
  };
}

/** Were the objects of the node compared with what it wants? A node that is not resolved wants nothing that is known. */
function isCompared({ state, objects }: NodeReport): boolean {
  const isKnown = objects.every((object) => object.state !== 'unknown' && object.state !== 'failed');
  return isKnown && (state === 'ready' || state === 'skipped' || state === 'deleted' || state === 'waiting');
}

/** Replaces values that may come from Secrets. */
const MASK = '(secret)';

function masked({ wanted, found, ...difference }: FieldDifference): FieldDifference {
  return {
    ...difference,
    ...(wanted === undefined ? {} : { wanted: MASK }),
    ...(found === undefined ? {} : { found: MASK }),
  };
}

const SIGNS: Readonly<Record<ObjectDifference['action'], string>> = {
  create: '+',
  adopt: '~',
  change: '~',
  drift: '~',
  delete: '-',
};

/** The report in lines: one for each object, one for each field, one for each node that was not compared. */
export function diffLines({ suspended, changes, notCompared }: DiffReport): string[] {
  if (changes.length === 0 && notCompared.length === 0) {
    return ['no difference: every object is as the graph wants it'];
  }
  const lines = changes.flatMap(({ node, object, action, lastWriter, fields }) => {
    const writer = lastWriter === undefined || action !== 'drift' ? '' : `, last written by ${lastWriter}`;
    const what = `${action}${node === '' ? '' : ` (${node})`}${writer}`;
    return [
      `${SIGNS[action]} ${printableLine(objectName(object))}  ${printableLine(what)}`,
      ...fields.map((field) => `    ${printableLine(field.path)}  ${fieldText(field, action)}`),
    ];
  });
  const held =
    suspended === true ? ['note: the instance is suspended, and nothing is written before it is resumed'] : [];
  return [
    ...held,
    ...lines,
    ...notCompared.map(({ node, reason }) => `? ${node}  not compared: ${printableLine(reason)}`),
  ];
}

/** Characters of a value that a line shows. */
const MAX_VALUE_LENGTH = 200;

function fieldText({ kind, wanted, found, managers }: FieldDifference, action: ObjectDifference['action']): string {
  const by = managers.length === 0 ? '' : `, by ${printableLine(managers.join(', '))}`;
  const end = action === 'drift' ? ' and will be put back' : '';
  switch (kind) {
    case 'differs':
      return `${valueText(found)} in the cluster${by}; ${valueText(wanted)} is wanted${end}`;
    case 'missing':
      return `is not there; ${valueText(wanted)} is wanted`;
    case 'unowned':
      return `${valueText(found)} is right, and belongs to other managers${by}`;
    case 'release':
      return `${valueText(found)} is no longer wanted`;
  }
}

/** A value on one line, with its blanks: two values that differ are shown as different. */
function valueText(value: FieldDifference['wanted']): string {
  if (value === undefined) return 'nothing';
  const text = value === MASK ? MASK : printable(stringifyJson(value));
  return text.length <= MAX_VALUE_LENGTH ? text : `${text.slice(0, MAX_VALUE_LENGTH)}… (${text.length} characters)`;
}
