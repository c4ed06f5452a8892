import { type JsonObject, type JsonValue, type KubeObject, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import type { PathStep } from '../../graph/index.ts';
import { formatPath, isEmptyContainer } from '../../graph/path.ts';
import { CHILD_MANAGER } from './keys.ts';
import type { FieldSet, FieldWriter } from './owned-fields.ts';
import { applyEntries, comparable, managerOf, ownedFields, project, storedFields } from './owned-fields.ts';
import { memberKeysOf, memberFinder } from './list-members.ts';
import { compareQuantities, quantityOf } from '@typekro/kit/kubernetes';

/**
 * Names of fields in the `spec` of Kubernetes' built-in types. `MAPS_OF_QUANTITIES` names maps of quantities, and
 * `QUANTITIES` names single quantities. Strings at other paths are compared as strings.
 */
const MAPS_OF_QUANTITIES = new Set(['limits', 'requests', 'hard', 'capacity', 'overhead', 'default', 'defaultRequest']);

const QUANTITIES = new Set(['sizeLimit', 'divisor', 'averageValue', 'storage', 'cpu', 'memory']);

/** A field in which a live object differs from the desired one. */
export interface FieldDifference {
  /** Path as kro writes it, e.g. `spec.ports[0].port`. */
  readonly path: string;
  /**
   * `differs`: another value; `missing`: desired and absent; `unowned`: equal, but not owned by the controller;
   * `release`: owned and no longer desired.
   */
  readonly kind: 'differs' | 'missing' | 'unowned' | 'release';
  readonly wanted?: JsonValue;
  readonly found?: JsonValue;
  /** The other managers that own the field now, sorted. They include the manager that changed the field. */
  readonly managers: readonly string[];
  /**
   * Did another manager take the field from the controller, according to `managedFields`? If so, the controller no
   * longer owns the field, and the other manager wrote it after the controller's last apply. Times are whole seconds,
   * so a write within the same second does not count.
   */
  readonly taken?: true;
}

/** The maximum number of differences that a comparison lists. One difference is enough for a write. */
const MAX_DIFFERENCES = 50;

/**
 * Compares the desired object with a whole live object (with `metadata.managedFields`). Compares only desired or owned
 * fields. Defaults and the fields of other managers therefore count as no difference. A list whose items the controller
 * does not own is compared as a whole, so that defaults in the list count as differences. A quantity equals its
 * normalised form, which the server may store. If the result is empty, an apply would change at most the version label.
 * `rival`, if given, is the manager of the differences that the writer owns: the name of another process as the writer.
 */
export function compareApplied(
  desired: KubeObject,
  live: KubeObject,
  writer: FieldWriter = CHILD_MANAGER,
  rival?: string,
): FieldDifference[] {
  const manager = managerOf(writer);
  const recorded = ownedFields(live, writer);
  const fields = recorded === undefined ? undefined : storedFields(live, recorded);
  const found: FieldDifference[] = [];
  const appliedAt = Math.max(...applyEntries(live, writer).map(timeOf));
  const report: Report = (place, difference) => {
    if (found.length >= MAX_DIFFERENCES) return;
    const others = othersAt(live, place.live, manager);
    // The server stores a Secret's `stringData` in `data`. If another manager writes `data`, the controller stays the
    // recorded owner of `stringData`. Therefore only the ownership of `data` shows whether the controller still owns
    // the field.
    const isLost = recorded !== undefined && setAt(recorded, place.live, live) === undefined;
    const isRival = rival !== undefined && recorded !== undefined && !isLost;
    found.push({
      path: formatPath(place.path),
      ...difference,
      managers: isRival ? [rival] : others.map(({ name }) => name),
      ...(isLost && others.some(({ at }) => at > appliedAt) ? { taken: true as const } : {}),
    });
  };
  const wanted = comparable(desired, desired);
  const actual = comparable(live, live);
  const isWhole = (place: Place) => othersAt(live, place.live, manager).some((other) => other.isWhole);
  walkWanted(ROOT, wanted, actual, fields, { report, isWhole });
  if (fields !== undefined) {
    const owned = comparable(live, project(fields, actual));
    walkReleased(ROOT, owned, wanted, { fields, actual, requested: desired, report });
  }
  return found;
}

/**
 * The other manager with the latest write to the main resource, according to `managedFields`; undefined if there is no
 * other manager.
 */
export function lastWriter(live: KubeObject, manager: string = CHILD_MANAGER): string | undefined {
  let found: { readonly name: string; readonly at: number } | undefined;
  for (const entry of live.metadata.managedFields ?? []) {
    if (!isJsonObject(entry) || typeof entry['manager'] !== 'string' || entry['manager'] === manager) continue;
    if ((entry['subresource'] ?? '') !== '') continue;
    const at = timeOf(entry);
    if (found === undefined || at >= found.at) found = { name: entry['manager'], at };
  }
  return found?.name;
}

/** The paths of a field: in the list items as they are compared, and in the live object. Only list indexes differ. */
interface Place {
  readonly path: readonly PathStep[];
  readonly live: readonly PathStep[];
}

const NO_STEPS: readonly PathStep[] = [];
const ROOT: Place = { path: NO_STEPS, live: NO_STEPS };

function placeBelow({ path, live }: Place, step: PathStep, liveStep: PathStep = step): Place {
  const below = [...path, step];
  // Each field of each object is compared. Equal paths share one list, because copying two would take longer.
  return { path: below, live: path === live && step === liveStep ? below : [...live, liveStep] };
}

type Report = (place: Place, difference: Omit<FieldDifference, 'path' | 'managers'>) => void;

interface Walk {
  readonly report: Report;
  /** Does another manager own this field atomically, so that its members are not tracked? */
  readonly isWhole: (place: Place) => boolean;
}

function walkWanted(
  place: Place,
  wanted: JsonValue,
  actual: JsonValue | undefined,
  fields: FieldSet | undefined,
  walk: Walk,
): void {
  const { report } = walk;
  // A desired empty map or list requires no member: the server may drop the container or add defaults, and other
  // managers may add members.
  if (isEmptyContainer(wanted) && (actual === undefined || (isSameShape(wanted, actual) && !walk.isWhole(place))))
    return;
  if (actual === undefined) return report(place, { kind: 'missing', wanted });
  if (isJsonObject(wanted) && isJsonObject(actual) && !isAtomic(fields)) {
    for (const [key, member] of Object.entries(wanted)) {
      if (member === undefined) continue;
      const below = fieldBelow(fields, `f:${key}`);
      walkWanted(placeBelow(place, key), member, Object.hasOwn(actual, key) ? actual[key] : undefined, below, walk);
    }
    return;
  }
  if (Array.isArray(wanted) && Array.isArray(actual)) return walkList(place, wanted, actual, fields, walk);
  if (!sameValue(place.path, wanted, actual)) return report(place, { kind: 'differs', wanted, found: actual });
  if (fields === undefined) report(place, { kind: 'unowned', wanted, found: actual });
}

function isSameShape(a: JsonValue, b: JsonValue): boolean {
  return Array.isArray(a) ? Array.isArray(b) : isJsonObject(b);
}

function walkList(
  place: Place,
  wanted: readonly JsonValue[],
  actual: readonly JsonValue[],
  fields: FieldSet | undefined,
  walk: Walk,
): void {
  const { report } = walk;
  const members = memberNames(fields);
  if (members.length === 0) {
    const equal =
      wanted.length === actual.length && wanted.every((item, i) => sameValue([...place.path, i], item, actual[i]));
    if (!equal) report(place, { kind: 'differs', wanted: [...wanted], found: [...actual] });
    else if (fields === undefined) report(place, { kind: 'unowned', wanted: [...wanted], found: [...actual] });
    return;
  }
  const findMember = memberFinder(members);
  const present = new Map<string | undefined, number>();
  actual.forEach((item, index) => {
    const member = findMember(item, index);
    if (!present.has(member)) present.set(member, index);
  });
  const names = assignMembers(members, wanted);
  wanted.forEach((item, index) => {
    const member = names[index];
    const at = member === undefined ? undefined : present.get(member);
    // The live list has no item at its own length, so no manager is found for a missing item.
    if (member === undefined || at === undefined)
      return report(placeBelow(place, index, actual.length), { kind: 'missing', wanted: item });
    walkWanted(placeBelow(place, index, at), item, actual[at], fieldBelow(fields, member), walk);
  });
}

/** The members of a field set that denote list items. */
function memberNames(fields: FieldSet | undefined): string[] {
  return Object.keys(fields ?? {}).filter((key) => /^[kv]:/.test(key));
}

/**
 * For each list item, finds the member of the field set that denotes this item. An item may omit keys that have a
 * default (`protocol` of a port). For such an item, the function chooses a member whose keys agree with all keys of the
 * item. It does not choose a member that fully matches another item.
 */
export function assignMembers(members: readonly string[], items: readonly JsonValue[]): (string | undefined)[] {
  const exact = items.map(memberFinder(members));
  const taken = new Set(exact);
  const free = members
    .filter((member) => !taken.has(member))
    .flatMap((member) => {
      const keys = memberKeysOf(member);
      return keys === undefined ? [] : [{ member, keys }];
    });
  return items.map((item, index) => {
    const found = exact[index];
    if (found !== undefined) return found;
    const at = free.findIndex(({ keys }) => agrees(keys, item));
    return at < 0 ? undefined : free.splice(at, 1)[0]?.member;
  });
}

function agrees(keys: JsonObject, item: JsonValue): boolean {
  if (!isJsonObject(item)) return false;
  const shared = Object.keys(keys).filter((key) => Object.hasOwn(item, key));
  return shared.length > 0 && shared.every((key) => jsonEquals(keys[key], item[key]));
}

/** What a walk over owned fields compares at one place. */
interface Owned {
  readonly fields: FieldSet | undefined;
  /** The value of the live object, of which the owned value is a part. */
  readonly actual: JsonValue | undefined;
  /** The value of the desired object as written: a field that is null there counts as desired. */
  readonly requested: JsonValue | undefined;
  readonly report: Report;
}

/** Reports the owned fields that are no longer desired. */
function walkReleased(
  place: Place,
  owned: JsonValue,
  wanted: JsonValue | undefined,
  { fields, actual, requested, report }: Owned,
): void {
  if (wanted === undefined) {
    if (requested === undefined && !isEmptyContainer(owned)) report(place, { kind: 'release', found: owned });
    return;
  }
  if (isJsonObject(owned) && isJsonObject(wanted) && !isAtomic(fields)) {
    for (const [key, member] of Object.entries(owned)) {
      if (member === undefined || member === null) continue;
      walkReleased(placeBelow(place, key), member, memberOf(wanted, key), {
        fields: fieldBelow(fields, `f:${key}`),
        actual: memberOf(actual, key),
        requested: memberOf(requested, key),
        report,
      });
    }
    return;
  }
  const members = memberNames(fields);
  if (!Array.isArray(owned) || !Array.isArray(wanted) || members.length === 0) return;
  const names = assignMembers(members, wanted);
  const findMember = memberFinder(members);
  const items = Array.isArray(actual) ? actual : [];
  const liveMembers = items.map(findMember);
  owned.forEach((item, index) => {
    const member = findMember(item, index);
    if (member === undefined) return;
    const match = names.indexOf(member);
    const at = liveMembers.indexOf(member);
    walkReleased(placeBelow(place, index, at < 0 ? items.length : at), item, wanted[match], {
      fields: fieldBelow(fields, member),
      actual: items[at],
      requested: Array.isArray(requested) ? requested[match] : undefined,
      report,
    });
  });
}

function memberOf(value: JsonValue | undefined, key: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Is a field owned atomically, and not member by member? */
function isAtomic(fields: FieldSet | undefined): boolean {
  return fields !== undefined && Object.keys(fields).length === 0;
}

/** The part of a field set below a member; undefined if the set does not have the member. */
export function fieldBelow(fields: FieldSet | undefined, member: string): FieldSet | undefined {
  if (fields === undefined || !Object.hasOwn(fields, member)) return undefined;
  const below = fields[member];
  return isJsonObject(below) ? below : undefined;
}

function sameValue(path: readonly PathStep[], wanted: JsonValue, actual: JsonValue | undefined): boolean {
  if (jsonEquals(wanted, actual) || sameQuantity(path, wanted, actual)) return true;
  if (Array.isArray(wanted) && Array.isArray(actual)) {
    return (
      wanted.length === actual.length && wanted.every((item, index) => sameValue([...path, index], item, actual[index]))
    );
  }
  if (isJsonObject(wanted) && isJsonObject(actual)) {
    const keys = Object.keys(wanted);
    return (
      keys.length === Object.keys(actual).length &&
      keys.every((key) => Object.hasOwn(actual, key) && sameValue([...path, key], wanted[key] ?? null, actual[key]))
    );
  }
  return false;
}

/** Another manager that owns a field or fields below this field. */
interface OtherManager {
  readonly name: string;
  /** Does the manager own the field as a whole, and not only fields below it? */
  readonly isWhole: boolean;
  /** The time of the manager's latest write to the field, in milliseconds since the epoch; 0 if no time is recorded. */
  readonly at: number;
}

/**
 * The other managers that own a field or fields below it, sorted by name. `managedFields` has one entry per manager,
 * operation, API version and subresource; the entries of one manager are merged. List indexes in the path refer to the
 * live list.
 */
function othersAt(live: KubeObject, path: readonly PathStep[], own: string): OtherManager[] {
  const found = new Map<string, OtherManager>();
  for (const entry of live.metadata.managedFields ?? []) {
    if (!isJsonObject(entry)) continue;
    const { manager: name, fieldsV1 } = entry;
    if (typeof name !== 'string' || name === own || !isJsonObject(fieldsV1)) continue;
    const set = setAt(fieldsV1, path, live);
    if (set === undefined) continue;
    const before = found.get(name);
    const isWhole = Object.keys(set).length === 0 || before?.isWhole === true;
    found.set(name, { name, isWhole, at: Math.max(timeOf(entry), before?.at ?? 0) });
  }
  return [...found.values()].sort((a, b) => compareText(a.name, b.name));
}

/** The managers other than the controller that own a field of a live object or fields below it, sorted by name. */
function fieldManagers(live: KubeObject, path: readonly PathStep[]): string[] {
  return othersAt(live, path, CHILD_MANAGER).map(({ name }) => name);
}

/** The desired object without those fields of a list of paths that other managers own in the live object. */
export function withoutExternal(
  desired: KubeObject,
  live: KubeObject,
  fields: readonly (readonly string[])[],
): KubeObject {
  const taken = fields.filter((path) => fieldManagers(live, path).length > 0);
  if (taken.length === 0) return desired;
  const copy = structuredClone(desired);
  for (const path of taken) {
    const parent = path.slice(0, -1).reduce<JsonValue | undefined>(memberOf, copy);
    if (isJsonObject(parent)) delete parent[path.at(-1) ?? ''];
  }
  return copy;
}

function timeOf(entry: JsonObject): number {
  return Date.parse(typeof entry['time'] === 'string' ? entry['time'] : '') || 0;
}

/**
 * The part of a field set at a path. A set that owns a field on the path atomically also owns everything below this
 * field.
 */
function setAt(fields: FieldSet, path: readonly PathStep[], value: JsonValue | undefined): FieldSet | undefined {
  const [first, ...rest] = path;
  if (first === undefined || Object.keys(fields).length === 0) return fields;
  if (typeof first === 'string') {
    const below = fieldBelow(fields, `f:${first}`);
    return below === undefined ? undefined : setAt(below, rest, memberOf(value, first));
  }
  const item = Array.isArray(value) ? value[first] : undefined;
  if (item === undefined) return undefined;
  const member = memberFinder(Object.keys(fields))(item, first);
  const below = member === undefined ? undefined : fieldBelow(fields, member);
  return below === undefined ? undefined : setAt(below, rest, item);
}

/**
 * Are two values at this path the same quantity in different notations? The server stores `1000m` as `1` and `1024Mi`
 * as `1Gi`. False for a path outside `spec`, and for a field whose values are not quantities.
 */
export function sameQuantity(path: readonly PathStep[], a: JsonValue, b: JsonValue | undefined): boolean {
  const [above, last] = [path.at(-2), path.at(-1)];
  if (path[0] !== 'spec') return false;
  const isQuantity =
    (typeof last === 'string' && QUANTITIES.has(last)) || (typeof above === 'string' && MAPS_OF_QUANTITIES.has(above));
  if (!isQuantity || b === undefined) return false;
  const [left, right] = [quantityOf(a), quantityOf(b)];
  return left !== undefined && right !== undefined && compareQuantities(left, right) === 0;
}

/** The differences of a live object from the desired one, and who else owns its fields. */
export const FieldDifference = { managersAt: fieldManagers };
