import { declaredKind, pinnedRevision } from '@typekro/controller/controller';
import { type GroupVersionKind, type KubeObject, formatApiVersion, isJsonObject } from '@typekro/kit/core';
import { type DefinitionRow, type InstanceRow, instanceRef, isInstanceState } from '@typekro/controller/inspect';
import { numberAt, textAt } from '@typekro/kit/kubernetes';
import { type Condition, keys, readConditions, RecordedStatus } from '@typekro/engine/runtime';
import { isPaused, recordedState } from '@typekro/app/instance';
import { plainMessage } from './waiting-text.ts';

/** The maximum length of a reason in a row. The details have the whole reason. */
const MAX_REASON_LENGTH = 300;

/** A definition without its instances. */
export type DefinitionHead = Omit<DefinitionRow, 'instances' | 'counts' | 'suspended'>;

/** The row of a definition. */
export function definitionHead({ metadata, spec, status }: KubeObject): DefinitionHead {
  const type = declaredKind(isJsonObject(spec) ? spec : {});
  const conditions = readConditions(status?.['conditions']);
  const failed = conditions.filter((condition) => condition.status === 'False');
  // `Ready` only repeats the failures of the other conditions.
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

/** The kind that a definition declares. */
export const kindOfDefinition = ({ spec }: KubeObject): GroupVersionKind =>
  declaredKind(isJsonObject(spec) ? spec : {});

/** The part of a row that depends only on the instance object. */
export interface InstanceFacts {
  readonly row: Omit<InstanceRow, 'definition' | 'revision'>;
  /** The definition that the label of the instance names. */
  readonly definition?: string;
  /**
   * The revision to which the instance is pinned; `NaN` if the pin is not a number. Without a pin, the revision in its
   * status.
   */
  readonly revision?: number;
}

/** Reads the part of a row that depends only on the instance object. */
export function instanceFacts(instance: KubeObject): InstanceFacts {
  const { apiVersion, kind, metadata } = instance;
  const { name = '', namespace, uid = '', labels = {}, creationTimestamp, deletionTimestamp } = metadata;
  const { state: text, ready } = recordedState(instance);
  const state: InstanceRow['state'] = isInstanceState(text) ? text : 'NONE';
  const definition = Object.hasOwn(labels, keys.DEFINITION_NAME_LABEL) ? labels[keys.DEFINITION_NAME_LABEL] : undefined;
  const pin = pinnedRevision(instance);
  const revision = pin ?? RecordedStatus.revision(instance);
  const address = { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name };
  const message = ready?.message === undefined ? undefined : plainMessage(ready.message);
  const reason = ready === undefined || ready.status === 'True' ? undefined : (message ?? ready.reason);
  const waitingFor = state === 'NONE' ? 'no controller has written a status yet' : reason;
  const row = {
    ref: instanceRef(address),
    ...address,
    uid,
    state,
    ...(typeof creationTimestamp === 'string' ? { createdAt: creationTimestamp } : {}),
    ...(waitingFor === undefined || waitingFor === '' || state === 'ACTIVE'
      ? {}
      : { waitingFor: waitingFor.slice(0, MAX_REASON_LENGTH) }),
    ...(isPaused(instance) ? { suspended: true as const } : {}),
    ...(pin === undefined || Number.isNaN(pin) ? {} : { pinned: true as const }),
    ...(deletionTimestamp === undefined ? {} : { deletedAt: deletionTimestamp }),
  };
  return { row, ...(definition === undefined ? {} : { definition }), ...(revision === undefined ? {} : { revision }) };
}

/**
 * The row of an instance. Its revision is the first known one of these: the pinned revision, the revision in the
 * status, the revision that the controller reports, and the newest revision of the definition. During a rollout, the
 * newest revision is not used, because an instance may not follow it yet. An instance whose pin is not a number follows no
 * revision.
 *
 * @param serving the definition that serves the kind. Absent for a Graph, which has no revisions
 * @param reported the report of the controller in this process: the revision, and the reason why the instance waits
 */
export function rowOf(
  facts: InstanceFacts,
  serving: DefinitionHead | undefined,
  reported: Pick<InstanceRow, 'revision' | 'waitingFor'> = {},
): InstanceRow {
  const newest = serving === undefined || isRollingOut(serving.conditions) ? undefined : serving.revision;
  const followed = facts.revision ?? reported.revision ?? newest;
  const revision = serving === undefined || Number.isNaN(followed) ? undefined : followed;
  return {
    ...facts.row,
    ...(facts.row.waitingFor === undefined || reported.waitingFor === undefined
      ? {}
      : { waitingFor: reported.waitingFor.slice(0, MAX_REASON_LENGTH) }),
    definition: facts.definition ?? serving?.name ?? '',
    ...(revision === undefined ? {} : { revision }),
  };
}

/** The row of an instance without a report of its controller. */
export const instanceRow = (instance: KubeObject, serving: DefinitionHead | undefined): InstanceRow =>
  rowOf(instanceFacts(instance), serving);

/** Does a canary withhold the newest revision from some instances? */
export const isRollingOut = (conditions: readonly Condition[]): boolean =>
  conditions.some(({ type, status }) => type === 'RolledOut' && status !== 'True');

/** Describes the change of a row in a few words. */
export function rowChange(before: InstanceRow | undefined, after: InstanceRow): string {
  if (before === undefined) return after.state;
  if (before.state !== after.state) return `${before.state} -> ${after.state}`;
  if (before.waitingFor !== after.waitingFor && after.waitingFor !== undefined) return after.waitingFor;
  if (before.revision !== after.revision) return `revision ${after.revision ?? 'unknown'}`;
  if (before.pinned !== after.pinned) return after.pinned === true ? 'pinned' : 'no longer pinned';
  if (before.suspended !== after.suspended) return after.suspended === true ? 'suspended' : 'resumed';
  if (before.deletedAt !== after.deletedAt) return 'is being deleted';
  return 'the instance changed';
}
