import { type JsonValue, type KubeObject, isJsonObject, jsonEquals, stringifyJson } from '@typekro/kit/core';

/**
 * The paths of the fields whose values differ from cluster to cluster. The values are not compared, but the field must
 * be in both objects.
 */
const VOLATILE = [
  /^\.metadata\.(?:uid|resourceVersion|creationTimestamp|deletionTimestamp)$/,
  /^\.metadata\.ownerReferences\[\]\.uid$/,
  /^\.metadata\.labels\.kro\.run\/(?:instance-id|resource-graph-definition-id)$/,
  /^\.status(?:\..*)?\.conditions\[\]\.lastTransitionTime$/,
  /^\.spec\.clusterIPs?$/,
];

/** The field that the API server writes into an entry of managed fields, or leaves out. It is not compared. */
const TIME_OF_ENTRY = '.metadata.managedFields[].time';

/** The differences between kro's object and this controller's object. Each difference has a path and both values. */
export function differencesOf(kro: KubeObject, typekro: KubeObject): string[] {
  return compare(normalize(kro), normalize(typekro), '');
}

function normalize(value: JsonValue, path = ''): JsonValue {
  if (VOLATILE.some((volatile) => volatile.test(path))) return 'not compared';
  if (Array.isArray(value)) {
    const items = value.map((item) => normalize(item, `${path}[]`));
    return /\.(?:managedFields|conditions)$/.test(path) ? items.toSorted(byText) : items;
  }
  if (!isJsonObject(value)) return value;
  const result: Record<string, JsonValue> = {};
  const ofUids: JsonValue[] = [];
  for (const [name, member] of Object.entries(value)) {
    const memberPath = `${path}.${name}`;
    if (memberPath === TIME_OF_ENTRY) continue;
    const normalized = normalize(member ?? null, memberPath);
    if (name.startsWith('k:{"uid":')) ofUids.push(normalized);
    else result[name] = normalized;
  }
  // The UIDs of two clusters differ, and so does their order.
  for (const [index, member] of ofUids.toSorted(byText).entries()) result[`k:uid ${index}`] = member;
  return result;
}

/** The text that determines the place of a condition, of an entry of managed fields, or of another value in a list. */
function sortText(value: JsonValue): string {
  if (!isJsonObject(value)) return stringifyJson(value);
  const { type = '', manager = '', operation = '', subresource = '', apiVersion = '' } = value;
  return stringifyJson([type, manager, operation, subresource, apiVersion, value]);
}

function byText(a: JsonValue, b: JsonValue): number {
  const [one, other] = [sortText(a), sortText(b)];
  return one < other ? -1 : one > other ? 1 : 0;
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
