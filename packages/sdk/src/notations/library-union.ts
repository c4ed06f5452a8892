import { type JsonObject, type JsonValue, commonJson, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { asObject, asTexts, objectsAt } from '@typekro/kit/kubernetes';
import { ABSENT, CLOSED } from './json-schema-members.ts';
import { IN_COMPOSITION, isChangedByLibrary, refused, withAppliedDefault, withoutDefault } from './library-type.ts';

/**
 * A union of a library that takes the first alternative that accepts a value. Alternatives that are objects are refused
 * if a value of a later one is also a value of an earlier one, because the library then drops the members that only the
 * later one declares, or (arktype) keeps them unchecked.
 */
export function printUnion(printed: readonly JsonObject[]): JsonObject {
  // The alternatives of an inner union count as alternatives of the outer one.
  const options = printed.flatMap((option) => {
    const isUnion = Object.keys(option).length === 1 && Array.isArray(option['anyOf']);
    return isUnion ? objectsAt(option, 'anyOf') : [option];
  });
  if (options.length > 1 && options.some(isChangedByLibrary))
    return refused('an alternative changes the value, so the other alternatives may not accept it', IN_COMPOSITION);
  if (options.length > 1 && options.some((option) => option['default'] !== undefined))
    return refused(
      'an alternative has a default, which the API server does not know',
      'give the union the default',
      'default',
    );
  const objects = options.filter((option) => option['type'] === 'object');
  const overlap = objects.some((later, position) =>
    objects.slice(0, position).some((first) => drops(first, later) || ignores(first, later) || ignores(later, first)),
  );
  if (!overlap) return { anyOf: [...options] };
  return refused(
    'an alternative accepts values of another alternative, and drops their other members or does not check them',
    'give each alternative a field with a constant of its own, as in z.discriminatedUnion("type", …)',
    'union',
  );
}

/** May the first alternative accept a value of the second one, and drop a member of it? */
function drops(first: JsonObject, second: JsonObject): boolean {
  const other = asObject(second['properties']);
  if (first[CLOSED] === 'strict' || asTexts(first['required']).some((name) => !Object.hasOwn(other, name)))
    return false;
  return hasOthers(first, second);
}

/** May the first alternative accept a value whose members the second one checks, and keep them unchecked? */
const ignores = (first: JsonObject, second: JsonObject): boolean =>
  first[CLOSED] === undefined && first['additionalProperties'] === undefined && hasOthers(first, second);

/** Has the second alternative members that the first one does not declare, and no constant that tells them apart? */
function hasOthers(first: JsonObject, second: JsonObject): boolean {
  const [own, other] = [asObject(first['properties']), asObject(second['properties'])];
  const isApart = (name: string) => asTexts(second['required']).includes(name) && isDisjoint(own[name], other[name]);
  return Object.keys(other).some((name) => !Object.hasOwn(own, name)) && !asTexts(first['required']).some(isApart);
}

/** An intersection. A default of a part is a default of the whole, so that a type around it can change it. */
export function printIntersection(parts: readonly JsonObject[], schema: unknown): JsonObject {
  const value = parts.find((part) => part['default'] !== undefined)?.['default'];
  const printed = { allOf: parts.map(withoutDefault) };
  return value === undefined ? printed : withAppliedDefault({ ...printed, default: value }, schema);
}

function isDisjoint(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  const [left, right] = [constantsOf(a), constantsOf(b)];
  if (left === undefined || right === undefined) return false;
  return commonJson(left, right).length === 0;
}

function constantsOf(printed: JsonValue | undefined): readonly JsonValue[] | undefined {
  if (!isJsonObject(printed) || printed[ABSENT] === true) return undefined;
  if (Array.isArray(printed['enum'])) return printed['enum'];
  return printed['const'] === undefined ? undefined : [printed['const']];
}

/**
 * A list of a fixed length. The items must have one type, because the schema of a list has one type for all items.
 *
 * @param required the number of items that must exist
 */
export function printTuple(items: readonly JsonObject[], required: number, rest: JsonObject | undefined): JsonObject {
  const [first, ...others] = rest === undefined ? items : [...items, rest];
  if (first === undefined || others.some((other) => !jsonEquals(other, first))) {
    return refused(
      'a tuple has items of several types, and a list of the API has one type for all items',
      'use an object with a field for each item',
    );
  }
  return {
    type: 'array',
    items: first,
    ...(required > 0 ? { minItems: required } : {}),
    ...(rest === undefined ? { maxItems: items.length } : {}),
  };
}

/** A map. Names of members that the schema lists become optional fields; any other restriction is refused. */
export function printRecord(keys: JsonObject, values: JsonObject, allRequired: boolean): JsonObject {
  const listed = constantsOf(keys);
  if (listed?.every((key) => typeof key === 'string') === true) {
    const names = listed.map(String);
    if (!allRequired && values['default'] !== undefined)
      return refused('the library gives absent members of a record no default', 'use an object with fields', 'default');
    return {
      type: 'object',
      properties: Object.fromEntries(names.map((name) => [name, values])),
      ...(allRequired ? { required: names } : {}),
      [CLOSED]: 'strict',
    };
  }
  const isText = keys['type'] === 'string' && Object.keys(keys).every((name) => name === 'type');
  if (isText) return { type: 'object', additionalProperties: values };
  return refused(
    'the names of the members of a map are restricted, which the schema of a map cannot express',
    'use plain strings as keys, or a list of objects with a field for the name',
  );
}
