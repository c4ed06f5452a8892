import { type JsonValue, stringifyJson } from '@typekro/kit/core';
import { celLiteral, formatConstraint, multipleRule } from './simple-emit-cel.ts';
import { type Schema, Marker, SimpleSchema } from '@typekro/engine/schema';
import { matchRule, splitLookahead, toRe2 } from './regex-flags.ts';
import { isInteger64 } from '@typekro/kit/golang';

/** A part of a schema that SimpleSchema cannot express. */
export class EmitProblem extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.name = 'EmitProblem';
    this.code = code;
    this.hint = hint;
  }
}

/**
 * The markers of a schema, without `required`, in a fixed order.
 *
 * @param defaultsItself does kro itself set the object's default `{}`? An equal default is then not written
 */
export function markersOf(schema: Schema, defaultsItself: boolean): string[] {
  const markers: string[] = [];
  const rules: string[] = [];
  const add = (key: string, value: JsonValue | undefined): void => {
    if (value !== undefined) markers.push(`${key}=${String(value)}`);
  };
  const value = schema.default;
  if (value !== undefined && value !== null && !(defaultsItself && isEmptyObject(value))) {
    markers.push(`default=${defaultText(schema, value)}`);
  }
  enumeration(schema, markers, rules);
  const { pattern, bounds } = textConstraints(schema, rules);
  if (pattern !== undefined) markers.push(`pattern=${Marker.quote(pattern)}`);
  if (schema.type === 'string') {
    add('minLength', schema.minLength);
    add('maxLength', schema.maxLength);
  }
  numericMarkers(schema, bounds, markers, rules);
  if (schema.type === 'array') listMarkers(schema, markers);
  objectRules(schema, rules);
  markers.push(...rules.map((rule) => `validation=${Marker.quote(rule)}`));
  for (const { rule, message, optionalOldSelf } of schema['x-kubernetes-validations'] ?? []) {
    if (optionalOldSelf === true) {
      throw new EmitProblem('rule', 'a rule with optionalOldSelf has no form in SimpleSchema');
    }
    const immutable = rule.trim() === 'self == oldSelf' && (message === undefined || message === IMMUTABLE_MESSAGE);
    markers.push(immutable ? 'immutable=true' : `validation=${Marker.quote(ruleWithMessage(rule, message))}`);
  }
  if (schema.description !== undefined && schema.description !== '') {
    markers.push(`description=${Marker.quote(schema.description)}`);
  }
  return markers;
}

/**
 * A rule with its message as a CEL comment, because SimpleSchema has no other way to set a message. kro's own message is
 * left out.
 */
export function ruleWithMessage(rule: string, message = ''): string {
  if (message === DEFAULT_MESSAGE) return rule;
  const line = message.replaceAll(/[\s"\\]+/g, ' ').trim();
  return line === '' ? rule : `${rule} // ${line}`;
}

/** kro's message for a rule of a `validation` marker. */
const DEFAULT_MESSAGE = 'validation failed';
/** kro's message for a field that is marked immutable. */
const IMMUTABLE_MESSAGE = 'field is immutable';

const isEmptyObject = (value: JsonValue): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;

/** The marker value of a default. */
function defaultText(schema: Schema, value: JsonValue): string {
  const mismatch = () =>
    new EmitProblem('default', `the default ${stringifyJson(value)} is not of the type ${schema.type ?? 'value'}`);
  switch (schema.type) {
    case 'string':
      if (typeof value !== 'string') throw mismatch();
      return Marker.quoteDefault(value);
    case 'integer':
      if ((typeof value !== 'bigint' && typeof value !== 'number') || !isInteger64(value)) throw mismatch();
      return stringifyJson(value);
    case 'number':
      if (typeof value !== 'number' && typeof value !== 'bigint') throw mismatch();
      return stringifyJson(value);
    case 'boolean':
      if (typeof value !== 'boolean') throw mismatch();
      return String(value);
    default:
      if (typeof value !== 'object' || value === null || Array.isArray(value) !== (schema.type === 'array'))
        throw mismatch();
      return stringifyJson(value);
  }
}

function enumeration(schema: Schema, markers: string[], rules: string[]): void {
  const values = schema.enum;
  if (!Array.isArray(values)) return;
  const allowed = (values as readonly JsonValue[]).filter((value) => value !== null);
  if (allowed.length === 0) throw new EmitProblem('never', 'no value is allowed here', 'remove the field');
  const listed = Marker.enumText(schema.type, allowed);
  if (listed !== undefined) markers.push(`enum=${listed}`);
  else if (allowed.length === 1 && allowed[0] !== undefined) rules.push(`self == ${celLiteral(schema, allowed[0])}`);
  else rules.push(`self in [${allowed.map((value) => celLiteral(schema, value)).join(', ')}]`);
}

interface TextConstraints {
  readonly pattern: string | undefined;
  /** The smallest and the largest value of the schema's integer format; undefined if there is no such format. */
  readonly bounds: readonly [number, number] | undefined;
}

function textConstraints(schema: Schema, rules: string[]): TextConstraints {
  if (schema.pattern !== undefined && schema.pattern !== '') {
    const { pattern, conditions } = splitLookahead(toRe2(schema.pattern));
    for (const condition of [pattern, ...conditions.map((entry) => entry.pattern)]) {
      const problem = SimpleSchema.patternProblem(condition);
      if (problem === undefined) continue;
      const hint = 'patterns run as RE2, which has no look-around (except at the start) and no back-references';
      throw new EmitProblem('pattern', `the pattern ${schema.pattern} cannot be used: ${problem}`, hint);
    }
    rules.push(...conditions.map(matchRule));
    return { pattern, bounds: undefined };
  }
  const constraint = formatConstraint(schema);
  if (constraint?.rule !== undefined) rules.push(constraint.rule);
  return { pattern: constraint?.pattern, bounds: constraint?.bounds };
}

function numericMarkers(
  schema: Schema,
  bounds: readonly [number, number] | undefined,
  markers: string[],
  rules: string[],
): void {
  const { exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  const minimum = ofIntegers(schema, schema.minimum ?? bounds?.[0], 'minimum');
  const maximum = ofIntegers(schema, schema.maximum ?? bounds?.[1], 'maximum');
  if (minimum !== undefined && exclusiveMinimum !== true) markers.push(`minimum=${minimum}`);
  if (maximum !== undefined && exclusiveMaximum !== true) markers.push(`maximum=${maximum}`);
  if (minimum !== undefined && exclusiveMinimum === true) rules.push(`self > ${celLiteral(schema, minimum)}`);
  if (maximum !== undefined && exclusiveMaximum === true) rules.push(`self < ${celLiteral(schema, maximum)}`);
  if (multipleOf !== undefined) rules.push(multipleRule(schema, multipleOf));
}

/** A bound. API servers have 64-bit integers: a bound that all of them satisfy is left out, and others are refused. */
function ofIntegers({ type }: Schema, bound: number | bigint | undefined, name: string): number | bigint | undefined {
  if (type !== 'integer' || bound === undefined || (bound >= -(2 ** 63) && bound < 2 ** 63)) return bound;
  if (bound < 0 === (name === 'minimum')) return undefined;
  throw new EmitProblem('never', `no 64-bit integer satisfies the ${name} ${bound}`, `write another ${name}`);
}

function listMarkers(schema: Schema, markers: string[]): void {
  if (schema.minItems !== undefined) markers.push(`minItems=${schema.minItems}`);
  if (schema.maxItems !== undefined) markers.push(`maxItems=${schema.maxItems}`);
  const listType = schema['x-kubernetes-list-type'] ?? (schema.uniqueItems === true ? 'set' : undefined);
  if (listType === 'set') markers.push('uniqueItems=true');
  else if (listType !== undefined) markers.push(`listType=${listType}`);
  for (const key of schema['x-kubernetes-list-map-keys'] ?? []) markers.push(`listMapKey=${Marker.quote(key)}`);
}

/** Adds rules for the number of members. Only maps can have such rules, because CEL structs have no size. */
function objectRules(schema: Schema, rules: string[]): void {
  const { minProperties, maxProperties } = schema;
  if (minProperties === undefined && maxProperties === undefined) return;
  if (typeof schema.additionalProperties !== 'object') {
    throw new EmitProblem(
      'properties-count',
      'the number of members can be limited for maps only',
      'use a record of one value type',
    );
  }
  if (minProperties !== undefined) rules.push(`self.size() >= ${minProperties}`);
  if (maxProperties !== undefined) rules.push(`self.size() <= ${maxProperties}`);
}
