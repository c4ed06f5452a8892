import type { ObjectRef } from '../../core/index.ts';
import { objectName, refOf, stringifyJson } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import type { ApplyAction, FieldDifference, NodeReport } from '../../runtime/index.ts';
import { explainNode, refOfTarget } from '../../runtime/index.ts';
import { printable, printableLine } from '../printable.ts';
import type { InstanceObservation } from './observation.ts';
import { MASK, secretFields } from './secret-fields.ts';
import { suspensionText } from './suspension.ts';

/**
 * The report of `typekro diff`, as `-o json` prints it. A later release with the same `schemaVersion` only adds fields.
 */
export interface DiffReport {
  readonly schemaVersion: 1;
  readonly instance: ObjectRef;
  /** True for a suspended instance. Its controller makes the changes after it is resumed. */
  readonly suspended?: true;
  readonly changes: readonly ObjectDifference[];
  /** Nodes that wait or could not be read. Their changes are not known yet. */
  readonly notCompared: readonly NotCompared[];
}

/** The change that the controller would make to one object. */
export interface ObjectDifference {
  readonly node: string;
  readonly object: ObjectRef;
  /**
   * `create`: the object is absent. `adopt`: the object does not belong to the instance yet. `change`: the graph wants
   * other values. `drift`: another program changed the object. `orphan`: the object is retired and stays, without the
   * labels of the controller. `release`: the patch node that wrote the fields was removed, and its fields are released.
   */
  readonly action: ApplyAction['why'] | 'delete' | 'orphan' | 'release';
  /** The field manager that wrote the object last, if it is known. */
  readonly lastWriter?: string;
  readonly fields: readonly FieldDifference[];
}

/** A node whose objects are not compared, and the reason. */
export interface NotCompared {
  readonly node: string;
  readonly reason: string;
}

/**
 * Compares the objects of an instance with the graph. Lists the differing objects in the order of their writes, then
 * the deletions.
 */
export function diffReport({ instance, node, decision: now, resumed }: InstanceObservation, graph: Graph): DiffReport {
  const decision = resumed ?? now;
  const isSelected = (id: string): boolean => node === undefined || id === node;
  const hides = secretFields(graph);
  const changes: ObjectDifference[] = [
    ...decision.apply.map(({ nodeId, target, why, lastWriter, differences = [] }) => ({
      node: nodeId,
      object: refOfTarget(target),
      action: why,
      ...(lastWriter === undefined ? {} : { lastWriter }),
      fields: differences.map((difference) => (hides(nodeId, difference.path) ? masked(difference) : difference)),
    })),
    ...(decision.orphan ?? []).map(({ nodeId, target }) => ({
      node: nodeId,
      object: refOfTarget(target),
      action: 'orphan' as const,
      fields: [],
    })),
    ...decision.delete.map(({ nodeId, target }) => ({
      node: nodeId,
      object: refOfTarget(target),
      action: 'delete' as const,
      fields: [],
    })),
    ...(decision.release ?? []).map(({ target }) => ({
      node: '',
      object: refOfTarget(target),
      action: 'release' as const,
      fields: [],
    })),
  ];
  const acting = new Set(changes.map((change) => change.node));
  const left = decision.nodes.filter((each) => isSelected(each.id) && !acting.has(each.id) && !isCompared(each));
  return {
    schemaVersion: 1,
    instance: refOf(instance),
    ...(resumed === undefined ? {} : { suspended: true }),
    changes: changes.filter((change) => isSelected(change.node)),
    notCompared: left.map((each) => ({ node: each.id, reason: explainNode(each).reason })),
  };
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
  orphan: '~',
  release: '~',
};

/**
 * Prints the report as lines: one for each object and each of its fields, and one for each node that was not compared.
 */
export function diffLines({ instance, suspended, changes, notCompared }: DiffReport): string[] {
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
  const held = suspended === true ? [`note: the instance is ${printableLine(suspensionText(instance))}`] : [];
  return [
    ...held,
    ...lines,
    ...notCompared.map(({ node, reason }) => `? ${node}  not compared: ${printableLine(reason)}`),
  ];
}

/** The maximum number of characters of a value in a line. */
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

/** Prints a value on one line. White space is kept, because two values can differ in white space only. */
function valueText(value: FieldDifference['wanted']): string {
  if (value === undefined) return 'nothing';
  const text = value === MASK ? MASK : printable(stringifyJson(value));
  return text.length <= MAX_VALUE_LENGTH ? text : `${text.slice(0, MAX_VALUE_LENGTH)}… (${text.length} characters)`;
}
