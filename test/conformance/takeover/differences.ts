import type { JsonValue, KubeObject } from '../../../src/core/index.ts';
import { isJsonObject, jsonEquals } from '../../../src/core/index.ts';

/** Fields that differ between any two clusters. */
const VOLATILE = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'lastTransitionTime',
  'time',
  'kro.run/instance-id',
  'kro.run/resource-graph-definition-id',
  'clusterIP',
  'clusterIPs',
]);

/** The differences between kro's object and the controller's: paths with both values. */
export function differencesOf(kro: KubeObject, ours: KubeObject): string[] {
  return compare(normalize(kro as unknown as JsonValue), normalize(ours as unknown as JsonValue), '');
}

function normalize(value: JsonValue, key = ''): JsonValue {
  if (Array.isArray(value)) {
    const items = value.map((item) => normalize(item));
    return key === 'managedFields' || key === 'conditions' ? items.toSorted(byText) : items;
  }
  if (!isJsonObject(value)) return value;
  const result: Record<string, JsonValue> = {};
  for (const [name, member] of Object.entries(value)) {
    if (!VOLATILE.has(name)) result[name.replace(/^k:\{"uid":.*/, 'k:uid')] = normalize(member ?? null, name);
  }
  return result;
}

function byText(a: JsonValue, b: JsonValue): number {
  const text = (value: JsonValue) =>
    isJsonObject(value) ? `${String(value['type'] ?? '')} ${String(value['manager'])} ${String(value['operation'])}` : '';
  return text(a) < text(b) ? -1 : 1;
}

function compare(kro: JsonValue | undefined, ours: JsonValue | undefined, path: string): string[] {
  if (kro !== undefined && ours !== undefined) {
    if (jsonEquals(kro, ours)) return [];
    if (isJsonObject(kro) && isJsonObject(ours)) {
      const names = new Set([...Object.keys(kro), ...Object.keys(ours)]);
      return [...names].flatMap((name) => compare(kro[name], ours[name], `${path}.${name}`));
    }
    if (Array.isArray(kro) && Array.isArray(ours) && kro.length === ours.length) {
      return kro.flatMap((item, index) => compare(item, ours[index], `${path}[${index}]`));
    }
  }
  return [`${path}: kro ${JSON.stringify(kro)}, ours ${JSON.stringify(ours)}`];
}
