import { type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';

/**
 * The members that differ between runs: times, versions, UIDs, messages that contain such values, labels with a UID, and
 * the flags of the controller.
 */
const VOLATILE = new Set([
  'uid',
  'resourceVersion',
  'managedFields',
  'creationTimestamp',
  'lastTransitionTime',
  'generation',
  'observedGeneration',
  'lastIssuedRevision',
  'message',
  'kro.run/resource-graph-definition-id',
  'kro.run/instance-id',
  'typekro.dev/controller-flags',
]);

/** Removes the members that differ between runs, and sorts the conditions by type. */
export function normalize(object: KubeObject): KubeObject {
  const walk = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) {
      const items = value.map((item) => walk(item, ''));
      return key === 'conditions' ? byType(items as JsonObject[]) : items;
    }
    if (typeof value !== 'object' || value === null) return value;
    const result: Record<string, unknown> = {};
    for (const [name, member] of Object.entries(value)) {
      const walked = VOLATILE.has(name) ? undefined : walk(member, name);
      if (walked !== undefined) result[name] = walked;
    }
    return key === 'annotations' && Object.keys(result).length === 0 ? undefined : result;
  };
  return walk(object, '') as KubeObject;
}

/** Sorts conditions by type. In the object, they are in the order of their transition times. */
function byType(conditions: readonly JsonObject[]): JsonObject[] {
  return conditions.toSorted((a, b) => (String(a['type']) < String(b['type']) ? -1 : 1));
}

/** The differences between two lists of objects: missing, different and unexpected objects. */
export function differences(expected: readonly KubeObject[], got: readonly KubeObject[]): string[] {
  const key = (object: KubeObject) => `${object.kind} ${object.metadata.name ?? ''}`;
  const wanted = new Map(expected.map((object) => [key(object), object]));
  const found = new Map(got.map((object) => [key(object), object]));
  const problems: string[] = [];
  for (const [name, object] of wanted) {
    const other = found.get(name);
    if (other === undefined) problems.push(`missing at the end: ${name}`);
    else if (!jsonEquals(object, other)) {
      problems.push(`differs at the end: ${name}${differingPaths(object, other, '')}`);
    }
  }
  for (const name of found.keys()) if (!wanted.has(name)) problems.push(`left over at the end: ${name}`);
  return problems;
}

/** The paths at which two values differ, with both values. */
function differingPaths(want: unknown, got: unknown, path: string): string {
  if (jsonEquals(want as never, got as never)) return '';
  if (!isRecord(want) || !isRecord(got))
    return `\n    ${path}: want ${JSON.stringify(want)}, got ${JSON.stringify(got)}`;
  const names = new Set([...Object.keys(want), ...Object.keys(got)]);
  return [...names].map((name) => differingPaths(want[name], got[name], `${path}.${name}`)).join('');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
