import type { JsonValue, KubeObject } from '../../../src/core/index.ts';
import { isJsonObject, jsonEquals } from '../../../src/core/index.ts';

/** Fields whose values differ from cluster to cluster. */
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

/** The differences between kro's object and this controller's object. Each difference has a path and both values. */
export function differencesOf(kro: KubeObject, typekro: KubeObject): string[] {
  return compare(normalize(kro as unknown as JsonValue), normalize(typekro as unknown as JsonValue), '');
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

function compare(kro: JsonValue | undefined, typekro: JsonValue | undefined, path: string): string[] {
  if (kro !== undefined && typekro !== undefined) {
    if (jsonEquals(kro, typekro)) return [];
    if (isJsonObject(kro) && isJsonObject(typekro)) {
      const names = new Set([...Object.keys(kro), ...Object.keys(typekro)]);
      return [...names].flatMap((name) => compare(kro[name], typekro[name], `${path}.${name}`));
    }
    if (Array.isArray(kro) && Array.isArray(typekro) && kro.length === typekro.length) {
      return kro.flatMap((item, index) => compare(item, typekro[index], `${path}[${index}]`));
    }
  }
  return [`${path}: kro ${JSON.stringify(kro)}, typekro ${JSON.stringify(typekro)}`];
}
