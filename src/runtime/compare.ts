import type { JsonObject, JsonValue, KubeObject } from '../core/index.ts';
import { isJsonObject, jsonEquals } from '../core/index.ts';
import type { PathStep } from '../graph/index.ts';
import { formatPath } from '../graph/index.ts';
import { CHILD_MANAGER } from './keys.ts';
import { comparable, ownedFields, project, selects } from './owned-fields.ts';
import { sameQuantity } from './quantity.ts';

/** One field in which a live object is not what we want. */
export interface FieldDifference {
  /** Path as kro writes it, e.g. `spec.ports[0].port`. */
  readonly path: string;
  /** `differs`: another value; `missing`: we want it and it is not there; `unowned`: right, but not ours; `release`: ours, no longer wanted. */
  readonly kind: 'differs' | 'missing' | 'unowned' | 'release';
  readonly wanted?: JsonValue;
  readonly found?: JsonValue;
  /** Managers that own the field now, without ours; sorted. Who changed it is among them. */
  readonly managers: readonly string[];
}

/** Most differences that a comparison lists; one is enough to write. */
const MAX_DIFFERENCES = 50;

/**
 * Compares what we want with a whole live object (one that has `metadata.managedFields`): only fields that
 * we set or own count, so defaults and other managers' fields are no difference. Values that the server
 * writes another way (quantities) are equal. An empty list means that applying would change nothing.
 */
export function compareApplied(
  desired: KubeObject,
  live: KubeObject,
  manager: string = CHILD_MANAGER,
): FieldDifference[] {
  const fields = ownedFields(live, manager);
  const found: FieldDifference[] = [];
  const report = (path: readonly PathStep[], difference: Omit<FieldDifference, 'path' | 'managers'>) => {
    if (found.length < MAX_DIFFERENCES) {
      found.push({ path: formatPath(path), ...difference, managers: managersOf(live, path, manager) });
    }
  };
  const wanted = comparable(desired.kind, desired as unknown as JsonValue);
  const actual = comparable(live.kind, live as unknown as JsonValue);
  walkWanted([], wanted, actual, normalised(fields), report);
  if (fields !== undefined) {
    const owned = comparable(live.kind, project(fields, live as unknown as JsonValue));
    walkReleased([], owned, wanted, normalised(fields), report);
  }
  return found;
}

type Report = (path: readonly PathStep[], difference: Omit<FieldDifference, 'path' | 'managers'>) => void;

/** `stringData` is compared as `data`; so is its ownership. */
function normalised(fields: JsonObject | undefined): JsonObject | undefined {
  const stringData = fields?.['f:stringData'];
  if (fields === undefined || !isJsonObject(stringData)) return fields;
  const data = fields['f:data'];
  return { ...fields, 'f:data': { ...(isJsonObject(data) ? data : {}), ...stringData } };
}

function walkWanted(
  path: readonly PathStep[],
  wanted: JsonValue,
  actual: JsonValue | undefined,
  fields: JsonObject | undefined,
  report: Report,
): void {
  if (actual === undefined) return report(path, { kind: 'missing', wanted });
  if (isJsonObject(wanted) && isJsonObject(actual) && Object.keys(wanted).length > 0 && !isAtomic(fields)) {
    for (const [key, member] of Object.entries(wanted)) {
      if (member === undefined) continue;
      const below = fieldBelow(fields, `f:${key}`);
      walkWanted([...path, key], member, Object.hasOwn(actual, key) ? actual[key] : undefined, below, report);
    }
    return;
  }
  if (Array.isArray(wanted) && Array.isArray(actual)) return walkList(path, wanted, actual, fields, report);
  if (!sameValue(path, wanted, actual)) return report(path, { kind: 'differs', wanted, found: actual });
  if (fields === undefined) report(path, { kind: 'unowned', wanted, found: actual });
}

function walkList(
  path: readonly PathStep[],
  wanted: readonly JsonValue[],
  actual: readonly JsonValue[],
  fields: JsonObject | undefined,
  report: Report,
): void {
  const members = Object.keys(fields ?? {}).filter((key) => /^[kv]:/.test(key));
  if (members.length === 0) {
    const equal =
      wanted.length === actual.length && wanted.every((item, i) => sameValue([...path, i], item, actual[i]));
    if (!equal) report(path, { kind: 'differs', wanted: [...wanted], found: [...actual] });
    else if (fields === undefined) report(path, { kind: 'unowned', wanted: [...wanted], found: [...actual] });
    return;
  }
  wanted.forEach((item, index) => {
    const member = members.find((key) => selects(key, item, index) || selectsByDefault(key, item));
    const match = member === undefined ? undefined : actual.find((other, i) => selects(member, other, i));
    if (member === undefined || match === undefined) return report([...path, index], { kind: 'missing', wanted: item });
    walkWanted([...path, index], item, match, fieldBelow(fields, member), report);
  });
}

/** An item may leave out a key that has a default (`protocol` of a port): the keys that it has must match. */
function selectsByDefault(member: string, item: JsonValue): boolean {
  if (!member.startsWith('k:') || !isJsonObject(item)) return false;
  const keys = JSON.parse(member.slice(2)) as JsonObject;
  const shared = Object.keys(keys).filter((key) => Object.hasOwn(item, key));
  return shared.length > 0 && shared.every((key) => jsonEquals(keys[key], item[key]));
}

function walkReleased(
  path: readonly PathStep[],
  owned: JsonValue,
  wanted: JsonValue | undefined,
  fields: JsonObject | undefined,
  report: Report,
): void {
  if (wanted === undefined) return report(path, { kind: 'release', found: owned });
  if (isJsonObject(owned) && isJsonObject(wanted) && !isAtomic(fields)) {
    for (const [key, member] of Object.entries(owned)) {
      if (member === undefined || member === null) continue;
      const target = Object.hasOwn(wanted, key) ? wanted[key] : undefined;
      walkReleased([...path, key], member, target, fieldBelow(fields, `f:${key}`), report);
    }
    return;
  }
  if (!Array.isArray(owned) || !Array.isArray(wanted)) return;
  const members = Object.keys(fields ?? {}).filter((key) => /^[kv]:/.test(key));
  owned.forEach((item, index) => {
    const member = members.find((key) => selects(key, item, index));
    if (member === undefined) return;
    const match = wanted.find((other, i) => selects(member, other, i) || selectsByDefault(member, other));
    walkReleased([...path, index], item, match, fieldBelow(fields, member), report);
  });
}

/** A field that is owned as a whole, not by its members. */
function isAtomic(fields: JsonObject | undefined): boolean {
  return fields !== undefined && Object.keys(fields).length === 0;
}

function fieldBelow(fields: JsonObject | undefined, member: string): JsonObject | undefined {
  if (fields === undefined || !Object.hasOwn(fields, member)) return undefined;
  const below = fields[member];
  return isJsonObject(below) ? below : undefined;
}

function sameValue(path: readonly PathStep[], wanted: JsonValue, actual: JsonValue | undefined): boolean {
  if (jsonEquals(wanted, actual) || sameQuantity(path, wanted, actual)) return true;
  if (isJsonObject(wanted) && isJsonObject(actual)) {
    const keys = Object.keys(wanted);
    return (
      keys.length === Object.keys(actual).length &&
      keys.every((key) => Object.hasOwn(actual, key) && sameValue([...path, key], wanted[key] ?? null, actual[key]))
    );
  }
  return false;
}

/** Who else owns a field. List indexes in the path are followed through keys of the live list. */
function managersOf(live: KubeObject, path: readonly PathStep[], ours: string): string[] {
  const names = new Set<string>();
  for (const entry of live.metadata.managedFields ?? []) {
    if (!isJsonObject(entry) || typeof entry['manager'] !== 'string' || entry['manager'] === ours) continue;
    const fields = entry['fieldsV1'];
    if (isJsonObject(fields) && owns(fields, path, live as unknown as JsonValue)) names.add(entry['manager']);
  }
  return [...names].sort();
}

function owns(fields: JsonObject, path: readonly PathStep[], value: JsonValue | undefined): boolean {
  const [first, ...rest] = path;
  if (first === undefined || Object.keys(fields).length === 0) return true;
  if (typeof first === 'string') {
    const below = fieldBelow(fields, `f:${first}`);
    const next = isJsonObject(value) && Object.hasOwn(value, first) ? value[first] : undefined;
    return below !== undefined && owns(below, rest, next);
  }
  const item = Array.isArray(value) ? value[first] : undefined;
  if (item === undefined) return false;
  const member = Object.keys(fields).find((key) => selects(key, item, first));
  const below = member === undefined ? undefined : fieldBelow(fields, member);
  return below !== undefined && owns(below, rest, item);
}
