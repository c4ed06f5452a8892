import {
  type JsonObject,
  type JsonValue,
  getOwn,
  isJsonObject,
  jsonEquals,
  oncePerObject,
  setOwn,
} from '@typekro/kit/core';
import { type Schema, StructuralSchema } from '../schema/index.ts';
import { isOnOnePath } from './field-steps.ts';

/** A part of the target object: a field with a rule, an object whose members are made one by one, or a value to fit. */
export interface Part<Rule> {
  readonly schema: Schema;
  readonly rule?: Rule;
  readonly members?: readonly (readonly [string, Part<Rule>])[];
  /** Has the source a value of another type, so that only rules make the part? */
  readonly isNew?: true;
  /** Is the value of the source valid in the target as it is? */
  readonly isKept: boolean;
}

/** A rule, and the names of the fields from the part to its target. */
type RuleBelow<Rule> = readonly [steps: readonly string[], rule: Rule];

/**
 * Plans how a part of the target is made from the same part of the source.
 *
 * @param only the paths of the fields that are needed. Fields that are not on the way to one are left out.
 */
export function planPart<Rule>(
  from: Schema | undefined,
  to: Schema,
  rules: readonly RuleBelow<Rule>[],
  only: readonly (readonly string[])[] = [[]],
): Part<Rule> {
  const own = rules.find(([steps]) => steps.length === 0);
  if (own !== undefined) return { schema: to, rule: own[1], isKept: false };
  const isEqual = rules.length === 0 && jsonEquals((from ?? null) as JsonObject, to as JsonObject);
  // An API server prunes an object and sets its defaults before it converts the object. A part of an object, which it
  // also converts, can lack a default.
  if (isEqual && !StructuralSchema.hasDefaults(to)) return { schema: to, isKept: true };
  if (to.properties === undefined) return { schema: to, isKept: false };
  const members = Object.entries(to.properties)
    .filter(([name]) => only.some((path) => isOnOnePath(path, [name])))
    .map(([name, schema]) => {
      const inner = rules.filter(([[step]]) => step === name).map(([[, ...steps], rule]) => [steps, rule] as const);
      const needed = only.filter((path) => isOnOnePath(path, [name])).map(([, ...steps]) => steps);
      return [name, planPart(from?.properties?.[name], schema, inner, needed)] as const;
    });
  const isNew = from !== undefined && !isCopied(from, to);
  return { schema: to, members, isKept: false, ...(isNew ? { isNew } : {}) };
}

/**
 * Makes a part of the target. Fields that the target does not have are left out, and defaults of the target are set.
 *
 * @param evaluate the value of a rule; `undefined` for no value.
 */
export function makePart<Rule>(
  part: Part<Rule>,
  source: JsonValue | undefined,
  evaluate: (rule: Rule) => JsonValue | undefined,
): JsonValue | undefined {
  if (part.isKept) return source;
  if (part.rule !== undefined) return fit(part.schema, evaluate(part.rule));
  if (part.members === undefined) return fit(part.schema, source);
  const given = part.isNew === true ? undefined : source;
  const object = isJsonObject(given) ? given : undefined;
  let hasValue = object !== undefined;
  const traced = (rule: Rule): JsonValue | undefined => {
    const value = evaluate(rule);
    hasValue ||= value !== undefined;
    return value;
  };
  const isOpen = part.schema['x-kubernetes-preserve-unknown-fields'] === true;
  const made: JsonObject = isOpen ? { ...object } : {};
  for (const [name, member] of part.members) {
    const value = makePart(member, object === undefined ? undefined : getOwn(object, name), traced);
    if (value !== undefined) setOwn(made, name, value);
    else if (isOpen) delete made[name];
  }
  return hasValue ? made : fit(part.schema, given);
}

/** The value without unknown fields and with defaults; the default of the schema for an absent one. */
function fit(schema: Schema, value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value === 'object' && value !== null) {
    const pruned = StructuralSchema.prune(schema, value, { resource: false });
    return StructuralSchema.applyDefaults(schema, pruned.value);
  }
  if (value !== undefined && (value !== null || schema.nullable === true)) return value;
  return schema.default === undefined ? undefined : defaultOf(schema);
}

const holderOf = oncePerObject((value: Schema): Schema => ({ properties: { value } }));
const defaultOf = (schema: Schema): JsonValue | undefined =>
  (StructuralSchema.applyDefaults(holderOf(schema), {}) as JsonObject)['value'];

/** Can a value be copied? An integer is also a number. */
export function isCopied(from: Schema, to: Schema): boolean {
  const isFree = (schema: Schema) => schema.type === undefined || schema['x-kubernetes-int-or-string'] === true;
  if (isFree(to))
    return to['x-kubernetes-int-or-string'] !== true || isFree(from) || ['integer', 'string'].includes(from.type ?? '');
  if (from.type !== to.type && !(from.type === 'integer' && to.type === 'number')) return false;
  const [inner, outer] = [innerOf(from), innerOf(to)];
  if (inner !== undefined && outer !== undefined) return isCopied(inner, outer);
  return inner === outer || to['x-kubernetes-preserve-unknown-fields'] === true;
}

/** The schema of the elements of a list, or of the values of a map. */
export const innerOf = ({ items, additionalProperties }: Schema): Schema | undefined =>
  items ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
