import { type JsonValue, type KubeObject, isJsonObject, jsonEquals } from '@typekro/kit/core';
import type { PathStep } from '@typekro/engine/graph';
import { type Schema, CrdSchema, StructuralSchema, schemaNodeAt } from '@typekro/engine/schema';

/**
 * Returns the schema at a path in a version of a CRD. A step is a member's name or the index of a list's item. Without
 * `version`, or if the CRD lacks it, the first one is meant.
 */
export function schemaInCrd(crd: KubeObject, path: readonly PathStep[], version?: string): Schema | undefined {
  const [first, ...others] = CrdSchema.versions(crd);
  const schema = CrdSchema.ofVersion(others.find((each) => each['name'] === version) ?? first);
  return schema === undefined ? undefined : schemaNodeAt(StructuralSchema.of(schema), path);
}

/** Returns the schema of a field, as `schemaInCrd` does. The field is in the notation of `fieldOfChange`. */
export function schemaOfField(crd: KubeObject, field: string, version?: string): Schema | undefined {
  return schemaInCrd(
    crd,
    stepsOf(field).map((step) => (step === ITEMS ? 0 : step)),
    version,
  );
}

/**
 * Does an object set a field to a value other than its default? For a list or a map on the path, one element that does
 * so is enough.
 */
export function setsField(object: KubeObject, field: string, defaultValue: JsonValue | undefined): boolean {
  return valuesOfField(object, field).some((value) => isSet(value, defaultValue));
}

/** Returns the values of a field: several when a list or a map is on the path, none when the object lacks the field. */
export function valuesOfField(object: KubeObject, field: string): JsonValue[] {
  return valuesAt(object, stepsOf(field));
}

/**
 * Does an object lack a field? A value that equals the default counts as absent, because it usually comes from the
 * default. An object without the field's parent lacks nothing. For a list or a map on the path, one element without the
 * field is enough.
 */
export function lacksField(object: KubeObject, field: string, defaultValue: JsonValue | undefined): boolean {
  const steps = stepsOf(field);
  const last = steps.slice(-1);
  return valuesAt(object, steps.slice(0, -1)).some(
    (parent) => isJsonObject(parent) && !membersAt(parent, last[0]).some((value) => isSet(value, defaultValue)),
  );
}

/** The step to the items of a list. */
const ITEMS = '[]';

/** Returns the steps of a field: `spec.ports[].name` has the steps `spec`, `ports`, `[]` and `name`. */
function stepsOf(field: string): string[] {
  return field.split('.').flatMap((part) => {
    const name = part.replaceAll(ITEMS, '');
    return [name, ...Array.from({ length: (part.length - name.length) / ITEMS.length }, () => ITEMS)];
  });
}

function valuesAt(object: KubeObject, steps: readonly string[]): JsonValue[] {
  let values: JsonValue[] = [object];
  for (const step of steps) values = values.flatMap((value) => membersAt(value, step));
  return values;
}

/** Returns the parts of a value at a step. The step `*` names the values of a map. */
function membersAt(value: JsonValue, step: string | undefined): JsonValue[] {
  if (Array.isArray(value)) return step === ITEMS ? value : [];
  if (!isJsonObject(value) || step === undefined) return [];
  const members = step === '*' ? Object.values(value) : Object.hasOwn(value, step) ? [value[step]] : [];
  return members.filter((member) => member !== undefined);
}

const isSet = (value: JsonValue, defaultValue: JsonValue | undefined): boolean =>
  defaultValue === undefined || !jsonEquals(value, defaultValue);
