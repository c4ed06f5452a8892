import type { PlanChange } from '../compose/index.ts';
import { type JsonValue, type KubeObject, isJsonObject, jsonEquals, refOf } from '@typekro/kit/core';
import { valueAt, withoutServerFields } from '@typekro/kit/kubernetes';
import type { ApplyAction } from '@typekro/engine/runtime';

/**
 * A field in which two objects differ. `from` is absent when only the second object has the field, and `to` is absent
 * when only the first object has it.
 */
export interface ValueChange {
  /** The path of the field, such as `spec.containers[0].image`. */
  readonly path: string;
  readonly from?: JsonValue;
  readonly to?: JsonValue;
}

/**
 * The fields in which two values differ, in the order of the second value's keys. Lists of different lengths count as
 * one difference.
 */
export function changedFields(before: JsonValue | undefined, after: JsonValue | undefined, path = ''): ValueChange[] {
  if (before !== undefined && after !== undefined && jsonEquals(before, after)) return [];
  if (isJsonObject(before) && isJsonObject(after)) {
    const keys = [...new Set([...Object.keys(after), ...Object.keys(before)])];
    return keys.flatMap((key) => changedFields(valueAt(before, key), valueAt(after, key), join(path, key)));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return after.flatMap((item, index) => changedFields(before[index], item, `${path}[${index}]`));
  }
  if (before === after) return [];
  return [{ path, ...(before === undefined ? {} : { from: before }), ...(after === undefined ? {} : { to: after }) }];
}

/** The fields in which two objects differ, without the fields that the API server or a controller writes. */
export function changedValues(before: KubeObject, after: KubeObject): ValueChange[] {
  return changedFields(withoutServerFields(before), withoutServerFields(after));
}

/** The paths of the fields in which two values differ, in the order of `changedFields`. */
export function changedPaths(before: JsonValue | undefined, after: JsonValue | undefined): string[] {
  return changedFields(before, after).map(({ path }) => path);
}

function join(path: string, key: string): string {
  const isName = /^[A-Za-z_][\w-]*$/.test(key);
  return isName ? (path === '' ? key : `${path}.${key}`) : `${path}[${JSON.stringify(key)}]`;
}

/** The change that a write makes to an object: from the live object to the object that the API server would store. */
export function changeOf(
  nodeId: string,
  before: KubeObject | undefined,
  after: KubeObject,
  why: ApplyAction['why'] = 'change',
): PlanChange {
  const object = refOf(after);
  if (before === undefined) return { outcome: 'created', nodeId, object, fields: [] };
  const fields = changedPaths(withoutServerFields(before), withoutServerFields(after));
  const outcome = fields.length === 0 ? 'unchanged' : why === 'adopt' ? 'adopted' : 'configured';
  return { outcome, nodeId, object, fields };
}
