import { type JsonObject, type KubeObject, isJsonObject, refOf } from '@typekro/kit/core';
import type { FieldManager, InstancePast } from '@typekro/controller/inspect';
import { asObjects, textAt } from '@typekro/kit/kubernetes';
import { recordedState } from './observation.ts';

/** The field managers of an object, the most recent writer first. */
export function managersOf(object: KubeObject | undefined): FieldManager[] {
  const entries = asObjects(object?.metadata['managedFields']);
  return entries
    .map((entry): FieldManager => {
      const [time, subresource] = [textAt(entry, 'time'), textAt(entry, 'subresource')];
      const fields = entry['fieldsV1'];
      return {
        manager: textAt(entry, 'manager'),
        operation: textAt(entry, 'operation'),
        ...(subresource === '' ? {} : { subresource }),
        ...(time === '' ? {} : { time }),
        fields: isJsonObject(fields) ? leavesOf(fields) : 0,
      };
    })
    .sort((a, b) => ((a.time ?? '') > (b.time ?? '') ? -1 : 1));
}

/** The number of fields in a field set. */
function leavesOf(fields: JsonObject): number {
  const members = Object.entries(fields).filter(([key]) => key !== '.');
  if (members.length === 0) return 1;
  return members.reduce((sum, [, member]) => sum + (isJsonObject(member) ? leavesOf(member) : 1), 0);
}

/** The managers of the controller's own writes. */
export const OF_CONTROLLER = /^kro(?:[.-]|$)/;

/**
 * Since when an instance is not ready, and the last change before that which was not a change of the controller or of a
 * status. A change until the creation of the instance does not count. Undefined for a ready instance.
 *
 * @param objects the instance, its definition and its objects
 */
export function pastOf(instance: KubeObject, objects: readonly KubeObject[]): InstancePast | undefined {
  const { ready } = recordedState(instance);
  const since = ready?.lastTransitionTime;
  if (ready === undefined || ready.status === 'True' || since === undefined) return undefined;
  const created = instance.metadata.creationTimestamp ?? '';
  const changes = objects.flatMap((object) =>
    managersOf(object).flatMap(({ manager, subresource, time = '' }) =>
      time <= created || time > since || subresource === 'status' || OF_CONTROLLER.test(manager)
        ? []
        : [{ object: refOf(object), manager, time }],
    ),
  );
  const [after] = changes.sort((a, b) => (a.time < b.time ? 1 : -1));
  return { since, ...(after === undefined ? {} : { after }) };
}
