import type { JsonObject, JsonValue, KubeObject, ObjectRef } from '@typekro/kit/core';
import { isBuiltinGroup, isJsonObject, parseApiVersion, stringifyJson, withGroup } from '@typekro/kit/core';
import type { PathStep } from '../../graph/index.ts';
import { childAt, formatPath } from '../../graph/path.ts';
import { assignMembers, fieldBelow } from './compare.ts';
import { CHILD_MANAGER } from './keys.ts';
import { memberFinder, memberKeysOf } from './list-members.ts';
import { type FieldWriter, managerOf } from './owned-fields.ts';

/**
 * A list item that another manager owns and that is not wanted. An apply cannot remove the item, because server-side
 * apply merges the items of a list by their keys. The item therefore stays next to the wanted items.
 */
export interface ForeignItem {
  /** The path in the live object, e.g. `spec.ports[0]`. */
  readonly path: string;
  /** The fields that identify the item in its list, e.g. `{"port":80,"protocol":"TCP"}`. */
  readonly key: JsonObject;
  /** The managers that own the item, in the order of `managedFields`. */
  readonly managers: readonly string[];
  /** JSON patch operations that test the keys on the path, and fail if another client has changed them. */
  readonly tests: readonly JsonObject[];
  /** Then remove the item, or give it the wanted key if its list would be empty. */
  readonly edits: readonly JsonObject[];
}

/**
 * The foreign items of the lists that the desired object sets. `live` is the whole object with `managedFields`. Lists
 * that are atomic or sets have no such items.
 */
export function foreignItems(
  desired: KubeObject,
  live: KubeObject,
  writer: FieldWriter = CHILD_MANAGER,
): ForeignItem[] {
  const found: ForeignItem[] = [];
  // The schema of a custom resource may forbid an empty list.
  const mayBeEmpty = desired.kind !== 'Service' && isBuiltinGroup(parseApiVersion(desired.apiVersion).group);
  // `owners`: the entries of `managedFields`, each with its part of the fields at this place.
  const walk = (
    wanted: JsonValue | undefined,
    actual: JsonValue | undefined,
    owners: readonly JsonObject[],
    path: readonly PathStep[],
    tests: readonly JsonObject[],
  ): void => {
    if (owners.length === 0) return;
    if (isJsonObject(wanted))
      for (const key of Object.keys(wanted))
        walk(wanted[key], childAt(actual, key), ownersBelow(owners, `f:${key}`), [...path, key], tests);
    if (!Array.isArray(wanted) || !Array.isArray(actual)) return;
    const all = owners.flatMap(({ fieldsV1 }) => (isJsonObject(fieldsV1) ? Object.keys(fieldsV1) : []));
    const members = [...new Set(all)].filter(memberKeysOf);
    const memberOfItem = actual.map(memberFinder(members));
    const names = assignMembers(members, wanted);
    const lacking = wanted.find((_item, index) => !memberOfItem.includes(names[index]));
    const isLeftEmpty = actual.every((_item, index) => !names.includes(memberOfItem[index]));
    actual.forEach((item, index) => {
      const member = memberOfItem[index] ?? '';
      const key = memberKeysOf(member);
      if (key === undefined) return;
      const at = [...path, index];
      const below = ownersBelow(owners, member);
      const own = Object.keys(key).map((name) => ({ op: 'test', path: pointer([...at, name]), value: key[name] }));
      if (names.includes(member)) return walk(wanted[names.indexOf(member)], item, below, at, [...tests, ...own]);
      const managers = [...new Set(below.map(({ manager }) => String(manager)))].filter(
        (by) => by !== managerOf(writer),
      );
      if (managers.length === 0) return;
      const renamed = Object.keys(key).flatMap((name) => {
        const value = index === 0 ? childAt(lacking, name) : undefined;
        return value === undefined ? [] : [{ op: 'replace', path: pointer([...at, name]), value }];
      });
      const edits = renamed.length > 0 && isLeftEmpty && !mayBeEmpty ? renamed : [{ op: 'remove', path: pointer(at) }];
      found.push({ path: formatPath(at), key, managers, tests: [...tests, ...own], edits });
    });
  };
  const entries = (live.metadata.managedFields ?? []).filter(isJsonObject);
  walk(desired, live, entries, [], []);
  return found;
}

const ownersBelow = (owners: readonly JsonObject[], member: string): JsonObject[] =>
  owners.flatMap(({ manager, fieldsV1 }) => {
    const below = isJsonObject(fieldsV1) ? fieldBelow(fieldsV1, member) : undefined;
    return below === undefined ? [] : [{ manager, fieldsV1: below }];
  });

const pointer = (path: readonly PathStep[]): string =>
  path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** Names foreign items: `spec.ports[0] {"port":81} of kubectl-patch is not in the template, …`. */
export function foreignItemsText(items: readonly ForeignItem[]): string {
  const names = items.map(({ path, key, managers }) => `${path} ${stringifyJson(key)} of ${managers.join(', ')}`);
  return `${names.join(' and ')} ${items.length === 1 ? 'is' : 'are'} not in the template, and an apply cannot remove that`;
}

/** The command that removes foreign items. It changes nothing if another client has changed their keys. */
export function removalCommand(object: Partial<ObjectRef>, items: readonly ForeignItem[]): string {
  const { apiVersion = '', kind = '', name = '', namespace } = object;
  const tests = new Map(items.flatMap((item) => item.tests).map((each) => [each['path'], each]));
  // The last items are removed first, so that the indexes of the others stay right.
  const patch = stringifyJson([...tests.values(), ...items.toReversed().flatMap(({ edits }) => edits)]);
  const { group } = parseApiVersion(apiVersion);
  const type = withGroup(kind.toLowerCase(), isBuiltinGroup(group) ? '' : group);
  const where = namespace === undefined ? '' : ` -n ${namespace}`;
  return `kubectl patch ${type} ${name}${where} --type json -p '${patch.replaceAll("'", String.raw`'\''`)}'`;
}
