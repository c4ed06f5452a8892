import { isJsonObject, type JsonObject, type JsonValue } from '@typekro/kit/core';
import { correlateList, isUnchanged, mapKeysOf } from './correlate.ts';
import { duplicate, invalid, required as requiredError, tooMany } from './field-error.ts';
import type { Schema } from '../model.ts';
import type { Check, Context } from './validate-context.ts';
import type { FieldError } from '@typekro/kit/kubernetes';

type CheckOf = (schema: Schema) => Check;

/** A subschema and its check. */
interface Part {
  readonly schema: Schema;
  readonly check: Check;
}

/** Runs the check of a subschema. A value that equals `old` adds no errors, and its errors count for no limit. */
function checkPart({ schema, check }: Part, value: JsonValue, context: Context, old: JsonValue | undefined): void {
  const { length, isCut } = context;
  const before = context.errors.length;
  check(value, context, old);
  if (old === undefined || context.errors.length === before || !isUnchanged(schema, value, old)) return;
  context.errors.length = before;
  context.length = length;
  context.isCut = isCut;
}

const memberOf = (value: JsonValue | undefined, name: string): JsonValue | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
    ? value[name]
    : undefined;

/** The check of a list: its elements, their number and their uniqueness. */
export function arrayCheck(
  schema: Schema,
  checkOf: CheckOf,
): ((value: JsonValue[], context: Context, old: JsonValue | undefined) => void) | undefined {
  const { minItems, maxItems, uniqueItems } = schema;
  let items: Part | undefined;
  return (value, context, old) => {
    if (schema.items !== undefined) {
      items ??= { schema: schema.items, check: checkOf(schema.items) };
      const matched = correlateList(schema, value, old);
      for (let index = 0; index < value.length; index += 1) {
        context.steps.push(index);
        checkPart(items, value[index] ?? null, context, matched?.(index));
        context.steps.pop();
      }
    }
    const count = value.length;
    if (minItems !== undefined && count < minItems) {
      context.add(invalid(context.field(), count, `${context.name()} in body should have at least ${minItems} items`));
    }
    if (maxItems !== undefined && count > maxItems) context.add(tooMany(context.field(), count, maxItems));
    if (schema['x-kubernetes-list-type'] !== undefined) {
      for (const error of duplicateErrors(schema, value, context)) context.repeated.push(error);
    }
    if (uniqueItems === true) context.applied += count;
    if (uniqueItems === true && new Set(value.map((entry) => context.identity(entry))).size < count) {
      context.add(invalid(context.field(), '', `${context.name()} in body shouldn't contain duplicates`));
    }
  };
}

const NO_NAMES: readonly string[] = [];

/** The check of an object: declared members, undeclared members, required members, and the number of members. */
export function objectCheck(
  schema: Schema,
  checkOf: CheckOf,
): ((value: JsonObject, context: Context, old: JsonValue | undefined) => void) | undefined {
  const { minProperties, maxProperties, additionalProperties } = schema;
  const looksAtMembers = schema.properties !== undefined || (additionalProperties ?? true) !== true;
  const required = Array.isArray(schema.required) ? (schema.required as readonly string[]) : [];
  const members = new Map<string, Part>();
  let others: Part | undefined;
  const partOf = (name: string): Part | undefined => {
    let part = members.get(name);
    if (part === undefined && schema.properties !== undefined && Object.hasOwn(schema.properties, name)) {
      const member = schema.properties[name] ?? {};
      part = { schema: member, check: checkOf(member) };
      members.set(name, part);
    }
    return part;
  };
  return (value, context, old) => {
    const isCounted = minProperties !== undefined || maxProperties !== undefined;
    const names = looksAtMembers || isCounted ? Object.keys(value) : NO_NAMES;
    if (minProperties !== undefined && names.length < minProperties) {
      const text = `${context.name()} in body should have at least ${minProperties} properties`;
      context.add(invalid(context.field(), names.length, text));
    }
    if (maxProperties !== undefined && names.length > maxProperties) {
      context.add(tooMany(context.field(), names.length, maxProperties));
    }
    context.applied += names.length;
    for (const name of looksAtMembers ? names : NO_NAMES) {
      const member = value[name];
      if (member === undefined) continue;
      let part = partOf(name);
      const declared = part !== undefined;
      if (part === undefined) {
        if (additionalProperties === false) forbidMember(name, context);
        if (typeof additionalProperties !== 'object') continue;
        others ??= { schema: additionalProperties, check: checkOf(additionalProperties) };
        part = others;
      }
      context.steps.push(declared ? name : { key: name });
      checkPart(part, member, context, memberOf(old, name));
      context.steps.pop();
    }
    for (const name of required) {
      if (Object.hasOwn(value, name) && value[name] !== undefined) continue;
      context.steps.push(name);
      context.add(requiredError(context.field()));
      context.steps.pop();
    }
  };
}

function forbidMember(name: string, context: Context): void {
  context.add(invalid(context.field(), name, `${context.name()}.${name} in body is a forbidden property`));
}

/** Errors for repeated elements of a set or map list. */
function duplicateErrors(schema: Schema, list: readonly JsonValue[], context: Context): FieldError[] {
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== 'set' && listType !== 'map') return [];
  const at = (index: number): string => {
    context.steps.push(index);
    const place = context.place();
    context.steps.pop();
    return place;
  };
  const wrongIndex = listType === 'map' ? list.findIndex((element) => element !== null && !isJsonObject(element)) : -1;
  if (wrongIndex >= 0)
    return [invalid(at(wrongIndex), list[wrongIndex], 'must be an object for an array of list-type map')];
  const errors: FieldError[] = [];
  const seen = new Map<string, number>();
  for (let index = 0; index < list.length; index += 1) {
    const element = list[index] ?? null;
    const identity = listType === 'set' ? element : mapKeysOf(schema, isJsonObject(element) ? element : {});
    const key = context.identity(identity);
    const times = seen.get(key) ?? 0;
    // Of several equal elements, only the second one is reported.
    if (times === 1) errors.push(duplicate(at(index), identity));
    seen.set(key, times + 1);
  }
  return errors;
}
