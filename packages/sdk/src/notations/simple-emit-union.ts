import { type JsonValue, distinctJson } from '@typekro/kit/core';
import type { Schema } from '@typekro/engine/schema';
import { matchRules } from './regex-flags.ts';
import { celField, celLiteral, formatConstraint, multipleRule } from './simple-emit-cel.ts';
import { EmitProblem } from './simple-emit-markers.ts';

/**
 * Converts a union to one schema without alternatives. The schema has the type that all branches share, and a rule with
 * the allowed combinations.
 *
 * @throws EmitProblem if the branches have no common type, or differ in a way that no rule can express
 */
export function mergeUnion(schema: Schema): Schema {
  const branches = schema.anyOf ?? schema.oneOf ?? [];
  const types = new Set(branches.map((branch) => branch.type ?? schema.type));
  const [type] = types;
  if (types.size !== 1 || type === undefined) {
    const names = [...types].map((name) => name ?? 'any value').join(' or ');
    throw new EmitProblem('union', `SimpleSchema has no type for ${names}`, 'choose one type, or use a field for each');
  }
  const { anyOf: _any, oneOf: _one, ...rest } = ownMembers(schema);
  const base: Schema = { ...rest, type };
  if (schema.properties !== undefined) {
    // The fields are declared outside of the alternatives, so the alternatives only state which fields belong together.
    return withRule(
      schema,
      base,
      branches.map((branch) => objectCondition(branch)),
    );
  }
  if (type === 'object') return mergeObjects(schema, base, branches);
  if (type === 'array') throw new EmitProblem('union', 'SimpleSchema has no type for alternatives of lists');
  const limit = longest(branches);
  return withRule(
    schema,
    limit === undefined || base.maxLength !== undefined ? base : { ...base, maxLength: limit },
    branches.map((branch) => scalarCondition({ type, ...ownMembers(branch) })),
  );
}

/**
 * A limit of the length of all strings that the alternatives allow; undefined if one sets no limit. As a limit of the
 * field, it also limits the cost of the rule that checks the alternatives.
 */
function longest(branches: readonly Schema[]): number | undefined {
  const limits = branches.map(({ maxLength, enum: values, anyOf }) => {
    if (maxLength !== undefined) return Number(maxLength);
    if (Array.isArray(values))
      return Math.max(...values.map((value) => (typeof value === 'string' ? value.length : Infinity)));
    return anyOf === undefined ? undefined : longest(anyOf);
  });
  const known = limits.filter((limit) => limit !== undefined && Number.isFinite(limit));
  return known.length === limits.length ? Math.max(...(known as number[])) : undefined;
}

/** A shallow copy. The copy reads all lazy members. */
const ownMembers = (schema: Schema): Schema => ({ ...schema });

/** Adds the rule of a union. Of the conditions of `oneOf`, exactly one holds. */
function withRule(union: Schema, schema: Schema, conditions: readonly string[]): Schema {
  const rule = union.oneOf === undefined ? anyOf(conditions) : exactlyOne(conditions);
  if (rule === 'true') return schema;
  return { ...schema, 'x-kubernetes-validations': [...(schema['x-kubernetes-validations'] ?? []), { rule }] };
}

function anyOf(conditions: readonly string[]): string {
  if (conditions.includes('true')) return 'true';
  const texts = conditions.map((condition) => (conditions.length > 1 ? `(${condition})` : condition));
  return [...new Set(texts)].join(' || ');
}

function exactlyOne(conditions: readonly string[]): string {
  if (conditions.filter((condition) => condition === 'true').length > 1) {
    const hint = 'write anyOf, or give each alternative a restriction of its own';
    throw new EmitProblem('union', 'each value belongs to several alternatives of oneOf', hint);
  }
  if (conditions.length === 2) return conditions.map((condition) => `(${condition})`).join(' != ');
  return conditions.length === 1 ? anyOf(conditions) : `[${conditions.join(', ')}].exists_one(c, c)`;
}

/** One object with the fields of all branches. A field that only some branches require is optional. */
function mergeObjects(union: Schema, base: Schema, branches: readonly Schema[]): Schema {
  const properties = new Map<string, Schema>();
  for (const branch of branches) {
    const isOpen = (branch.additionalProperties ?? false) !== false;
    if (isOpen || branch['x-kubernetes-preserve-unknown-fields'] === true) {
      throw new EmitProblem(
        'union',
        'an alternative allows arbitrary fields',
        'declare the fields of every alternative',
      );
    }
    for (const [name, schema] of Object.entries(branch.properties ?? {})) {
      const known = properties.get(name);
      properties.set(name, known === undefined ? schema : mergeField(name, known, schema));
    }
  }
  const required = [...properties.keys()].filter((name) =>
    branches.every((branch) => branch.required?.includes(name) === true),
  );
  const lost = [...properties].find(
    ([name, { default: value }]) =>
      value !== undefined && branches.some((branch) => !Object.hasOwn(branch.properties ?? {}, name)),
  );
  if (lost !== undefined) {
    throw new EmitProblem(
      'union',
      `the API server adds the default of ${lost[0]} to all alternatives`,
      'leave the default out, or declare the field in every alternative',
    );
  }
  const conditions = branches.map((branch) => {
    const names = [...properties.keys()].filter((name) => !Object.hasOwn(branch.properties ?? {}, name));
    const forbidden = branch.additionalProperties === false ? names : [];
    return objectCondition(branch, new Set(required), forbidden);
  });
  return withRule(
    union,
    { ...base, properties: Object.fromEntries(properties), ...(required.length > 0 ? { required } : {}) },
    conditions,
  );
}

/** Merges a field of two branches. The schemas must be equal, or have the same type and different constants. */
function mergeField(name: string, a: Schema, b: Schema): Schema {
  const [left, right] = [ownMembers(a), ownMembers(b)];
  const comparable = { ...left, enum: right.enum };
  if (Array.isArray(left.enum) && Array.isArray(right.enum) && sameSchema(comparable, right)) {
    return { ...left, enum: distinctJson([...(left.enum as JsonValue[]), ...(right.enum as JsonValue[])]) };
  }
  if (sameSchema(left, right)) return a;
  throw new EmitProblem('union', `the alternatives declare ${name} differently`, 'give the fields different names');
}

const MAX_COMPARED_DEPTH = 20;

function sameSchema(a: unknown, b: unknown, depth = 0): boolean {
  if (a === b) return true;
  if (depth > MAX_COMPARED_DEPTH || typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return false;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => sameSchema(Reflect.get(a, name), Reflect.get(b, name), depth + 1));
}

/** The condition under which an object belongs to a branch: its required fields are present and its constants match. */
function objectCondition(
  branch: Schema,
  common: ReadonlySet<string> = new Set(),
  forbidden: readonly string[] = [],
): string {
  const parts = forbidden.map((name) => `!has(${fieldOf(name)})`);
  const { anyOf: any, oneOf, minProperties, maxProperties, 'x-kubernetes-validations': own } = branch;
  if ([any, oneOf, minProperties, maxProperties, own].some((each) => each !== undefined)) {
    const message = 'an alternative that is an object has a rule, alternatives or a number of members';
    throw new EmitProblem('union', message, 'write the rule for all alternatives');
  }
  for (const name of branch.required ?? []) if (!common.has(name)) parts.push(`has(${fieldOf(name)})`);
  for (const [name, schema] of Object.entries(branch.properties ?? {})) {
    if (!Array.isArray(schema.enum)) continue;
    const condition = `${fieldOf(name)} in [${schema.enum.map((value) => celLiteral(schema, value as JsonValue)).join(', ')}]`;
    const [only] = schema.enum as readonly JsonValue[];
    const text =
      schema.enum.length === 1 && only !== undefined ? `${fieldOf(name)} == ${celLiteral(schema, only)}` : condition;
    parts.push(branch.required?.includes(name) === true ? text : `(!has(${fieldOf(name)}) || ${text})`);
  }
  return parts.length === 0 ? 'true' : parts.join(' && ');
}

function fieldOf(name: string): string {
  const field = celField(name);
  if (field === undefined)
    throw new EmitProblem('union', `a rule cannot reach the field ${name}`, 'use letters, digits and _');
  return field;
}

function scalarCondition(branch: Schema): string {
  const { exclusiveMinimum, exclusiveMaximum, minLength, maxLength, multipleOf, pattern, enum: values } = branch;
  const parts: string[] = [];
  if (Array.isArray(values))
    parts.push(`self in [${values.map((value) => celLiteral(branch, value as JsonValue)).join(', ')}]`);
  // A pattern replaces the format, as in a field that is not a union.
  const format = pattern === undefined ? formatConstraint(branch) : undefined;
  const text = pattern ?? format?.pattern;
  if (text !== undefined) parts.push(...matchRules(text));
  if (format?.rule !== undefined) parts.push(format.rule);
  if (minLength !== undefined) parts.push(`self.size() >= ${minLength}`);
  if (maxLength !== undefined) parts.push(`self.size() <= ${maxLength}`);
  const { minimum = format?.bounds?.[0], maximum = format?.bounds?.[1] } = branch;
  if (minimum !== undefined)
    parts.push(`self ${exclusiveMinimum === true ? '>' : '>='} ${celLiteral(branch, minimum)}`);
  if (maximum !== undefined)
    parts.push(`self ${exclusiveMaximum === true ? '<' : '<='} ${celLiteral(branch, maximum)}`);
  if (multipleOf !== undefined) parts.push(multipleRule(branch, multipleOf));
  for (const { rule } of branch['x-kubernetes-validations'] ?? []) parts.push(`(${rule})`);
  const inner = (branch.anyOf ?? branch.oneOf)?.map((each) =>
    scalarCondition({ type: branch.type, ...ownMembers(each) }),
  );
  const rule = inner === undefined ? 'true' : branch.oneOf === undefined ? anyOf(inner) : exactlyOne(inner);
  if (rule !== 'true') parts.push(`(${rule})`);
  return parts.length === 0 ? 'true' : parts.join(' && ');
}
