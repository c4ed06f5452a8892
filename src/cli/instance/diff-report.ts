import type { ObjectRef } from '../../core/index.ts';
import { refOf, stringifyJson } from '../../core/index.ts';
import type { ApplyAction, Decision, FieldDifference } from '../../runtime/index.ts';
import { refOfTarget } from '../../runtime/index.ts';
import { printableLine } from '../printable.ts';
import { objectName } from './object-name.ts';

/** `typekro diff` as JSON. Later versions of the same number only add fields. */
export interface DiffReport {
  readonly schemaVersion: 1;
  readonly instance: ObjectRef;
  readonly changes: readonly ObjectChange[];
}

/** What the controller would do to one object now. */
export interface ObjectChange {
  readonly node: string;
  readonly object: ObjectRef;
  /** `create`: it is absent. `adopt`: it is another's. `change`: the graph wants something else. `drift`: another program changed it. */
  readonly action: ApplyAction['why'] | 'delete';
  /** The manager that wrote the object last, as far as that is known. */
  readonly lastWriter?: string;
  readonly fields: readonly FieldDifference[];
}

/** Everything that is not as the graph wants it, objects in the order in which they would be written. */
export function diffReport(
  instance: Parameters<typeof refOf>[0],
  decision: Decision,
  node: string | undefined,
): DiffReport {
  const changes: ObjectChange[] = [
    ...decision.apply.map(({ nodeId, target, why, lastWriter, differences = [] }) => ({
      node: nodeId,
      object: refOfTarget(target),
      action: why,
      ...(lastWriter === undefined ? {} : { lastWriter }),
      fields: differences.map(maskedIfSecret(target.type.kind, target.type.group)),
    })),
    ...decision.delete.map(({ nodeId, target }) => ({
      node: nodeId,
      object: refOfTarget(target),
      action: 'delete' as const,
      fields: [],
    })),
  ];
  return {
    schemaVersion: 1,
    instance: refOf(instance),
    changes: changes.filter((change) => node === undefined || change.node === node),
  };
}

/** What stands in place of the values of a Secret. */
const MASK = '(secret)';

/** Paths of a Secret are shown, its values are not. */
function maskedIfSecret(kind: string, group: string): (difference: FieldDifference) => FieldDifference {
  if (kind !== 'Secret' || group !== '') return (difference) => difference;
  return (difference) => {
    if (!/^(?:data|stringData)\b/.test(difference.path)) return difference;
    return {
      ...difference,
      ...(difference.wanted === undefined ? {} : { wanted: MASK }),
      ...(difference.found === undefined ? {} : { found: MASK }),
    };
  };
}

const SIGNS: Readonly<Record<ObjectChange['action'], string>> = {
  create: '+',
  adopt: '~',
  change: '~',
  drift: '~',
  delete: '-',
};

/** The report in lines: one for each object, one for each field. */
export function diffLines({ changes }: DiffReport): string[] {
  if (changes.length === 0) return ['no difference: every object is as the graph wants it'];
  return changes.flatMap(({ node, object, action, lastWriter, fields }) => {
    const writer = lastWriter === undefined || action !== 'drift' ? '' : `, last written by ${lastWriter}`;
    const what = `${action}${node === '' ? '' : ` (${node})`}${writer}`;
    return [
      `${SIGNS[action]} ${printableLine(objectName(object))}  ${printableLine(what)}`,
      ...fields.map((field) => `    ${printableLine(field.path)}  ${printableLine(fieldText(field))}`),
    ];
  });
}

function fieldText({ kind, wanted, found, managers }: FieldDifference): string {
  const by = managers.length === 0 ? '' : `, by ${managers.join(', ')}`;
  const text = (value: FieldDifference['wanted']) =>
    value === undefined ? 'nothing' : value === MASK ? MASK : stringifyJson(value);
  switch (kind) {
    case 'differs':
      return `${text(found)} in the cluster${by}; ${text(wanted)} is wanted and will be put back`;
    case 'missing':
      return `is not there; ${text(wanted)} is wanted`;
    case 'unowned':
      return `${text(found)} is right, and belongs to other managers${by}`;
    case 'release':
      return `${text(found)} is no longer wanted`;
  }
}
