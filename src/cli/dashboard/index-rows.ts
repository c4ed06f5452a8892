import { declaredKind, pinnedRevision } from '../../controller/index.ts';
import type { GroupVersionKind, KubeObject } from '../../core/index.ts';
import { formatApiVersion, isJsonObject } from '../../core/index.ts';
import type { DefinitionRow, InstanceRow } from '../../inspect/index.ts';
import { countStates, instanceRef, isInstanceState } from '../../inspect/index.ts';
import { numberAt, textAt } from '../../kubernetes/index.ts';
import { keys, readConditions, recordedRevision } from '../../runtime/index.ts';
import { recordedState } from '../instance/observation.ts';
import { isPaused } from '../instance/suspension.ts';

/** The maximum length of a reason in a row. The details have the whole text. */
const MAX_REASON_LENGTH = 300;

/** A definition without its instances. */
export type DefinitionHead = Omit<DefinitionRow, 'instances' | 'counts' | 'suspended'>;

/** The row of a definition. */
export function definitionHead({ metadata, spec, status }: KubeObject): DefinitionHead {
  const type = declaredKind(isJsonObject(spec) ? spec : {});
  const conditions = readConditions(status?.['conditions']);
  const failed = conditions.filter((condition) => condition.status === 'False');
  // `Ready` repeats the other conditions.
  const own = failed.length > 1 ? failed.filter((condition) => condition.type !== 'Ready') : failed;
  const revision = numberAt(status, 'lastIssuedRevision');
  return {
    name: metadata.name ?? '',
    uid: metadata.uid ?? '',
    apiVersion: formatApiVersion(type),
    kind: type.kind,
    state: textAt(status, 'state') === 'Active' ? 'Active' : 'Inactive',
    ...(revision === undefined || revision === 0 ? {} : { revision }),
    conditions,
    problems: own.map(({ reason = '', message = '' }) => (message === '' ? reason : message)),
    ...(typeof metadata.creationTimestamp === 'string' ? { createdAt: metadata.creationTimestamp } : {}),
  };
}

/** The row of a definition with its instances. */
export function definitionRow(head: DefinitionHead, instances: readonly InstanceRow[]): DefinitionRow {
  const suspended = instances.filter((row) => row.suspended === true).length;
  return { ...head, instances: instances.length, counts: countStates(instances), suspended };
}

/** The kind that a definition declares. */
export const kindOfDefinition = ({ spec }: KubeObject): GroupVersionKind =>
  declaredKind(isJsonObject(spec) ? spec : {});

/**
 * The row of an instance.
 *
 * @param serving the definition that serves an instance without a label. Absent for a Graph
 */
export function instanceRow(instance: KubeObject, serving: DefinitionHead | undefined): InstanceRow {
  const { apiVersion, kind, metadata } = instance;
  const { name = '', namespace, uid = '', labels = {}, creationTimestamp, deletionTimestamp } = metadata;
  const { state: text, ready } = recordedState(instance);
  const state = isInstanceState(text) ? text : 'NONE';
  const label = Object.hasOwn(labels, keys.DEFINITION_NAME_LABEL) ? labels[keys.DEFINITION_NAME_LABEL] : undefined;
  const revision = pinnedRevision(instance) ?? recordedRevision(instance) ?? serving?.revision;
  const address = { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name };
  const reason = ready === undefined || ready.status === 'True' ? undefined : (ready.message ?? ready.reason);
  const waitingFor = state === 'NONE' ? 'no controller has written a status yet' : reason;
  return {
    ref: instanceRef(address),
    ...address,
    uid,
    definition: label ?? serving?.name ?? '',
    ...(revision === undefined ? {} : { revision }),
    state,
    ...(typeof creationTimestamp === 'string' ? { createdAt: creationTimestamp } : {}),
    ...(waitingFor === undefined || waitingFor === '' || state === 'ACTIVE'
      ? {}
      : { waitingFor: waitingFor.slice(0, MAX_REASON_LENGTH) }),
    ...(isPaused(instance) ? { suspended: true } : {}),
    ...(deletionTimestamp === undefined ? {} : { deletedAt: deletionTimestamp }),
  };
}

/** The change of a row, in a few words. */
export function rowChange(before: InstanceRow | undefined, after: InstanceRow): string {
  if (before === undefined) return after.state;
  if (before.state !== after.state) return `${before.state} -> ${after.state}`;
  if (before.waitingFor !== after.waitingFor && after.waitingFor !== undefined) return after.waitingFor;
  if (before.suspended !== after.suspended) return after.suspended === true ? 'suspended' : 'resumed';
  if (before.deletedAt !== after.deletedAt) return 'is being deleted';
  return 'the instance changed';
}
