import { type JsonObject, type JsonValue, isJsonObject, setOwn, nearestName, oncePerObject } from '@typekro/kit/core';
import type { Schema } from '../schema/index.ts';
import type { FieldSite } from './resource-draft.ts';
import type { KroCompatibility } from './kro-compatibility.ts';
import type { PathStep } from './model.ts';
import { shapeHint, innerFieldsWith, namedValue } from '../schema/shape-hint.ts';
import { type ExpressionText, joinParts, scanExpressions, unclosedAt } from './expressions/scan.ts';
import { TemplatePlace } from './template-place.ts';

/** A string with an expression in a template or in the status. Its path in the definition is computed on request. */
class Field implements FieldSite {
  readonly text: ExpressionText;
  readonly isKey?: true;
  readonly #place: TemplatePlace;
  readonly #base: readonly PathStep[];

  constructor(text: ExpressionText, place: TemplatePlace, base: readonly PathStep[], isKey = false) {
    this.text = text;
    if (isKey) this.isKey = true;
    this.#place = place;
    this.#base = base;
  }

  get steps(): readonly PathStep[] {
    return this.#place.steps;
  }

  get pathText(): string {
    return this.#place.text;
  }

  get path(): readonly PathStep[] {
    return [...this.#base, ...this.steps];
  }
}

/** A problem that the walk finds. `kro` is kro's message without the prefix of its phase. */
export interface WalkProblem {
  readonly code: string;
  readonly steps: readonly PathStep[];
  readonly kro: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly offset?: number;
  /** Is the key wrong instead of its value? */
  readonly key?: boolean;
}

/** A copy of a value with null instead of each expression, and the expressions and problems in the value. */
export interface Walked {
  readonly skeleton: JsonValue;
  readonly fields: readonly FieldSite[];
  readonly problems: readonly WalkProblem[];
  /** The position of the first unclosed `${` in each string value. Such a `${` is plain text. */
  readonly unclosed: readonly Unclosed[];
}

/** An unclosed `${`: the path of the string, and the offset in the string. */
export interface Unclosed {
  readonly steps: readonly PathStep[];
  readonly offset: number;
}

/** The path at which a walk begins, and the rules of the walk. */
export interface Whereabouts {
  /** The path of the value in the definition. */
  readonly base: readonly PathStep[];
  /** The root that all templates of a definition share. By default, a new root. */
  readonly root?: TemplatePlace;
  /** Strings that were scanned already. */
  readonly texts?: Map<string, ExpressionText>;
  /** The level of kro (`0.9` or `0.10`) whose rules determine where expressions begin and end. Default `0.10`. */
  readonly level?: KroCompatibility;
  /** May the keys of maps be expressions? Default false: every key is a plain string. */
  readonly dynamicKeys?: boolean;
}

/** The codes and messages for errors of the scanner. */
const SCAN_PROBLEMS = {
  nested: {
    code: 'graph/nested-expression',
    message: 'an expression begins inside another one',
    hint: 'inside ${…}, write variables without ${…}, and a literal "${" in quotes',
  },
  unterminated: {
    code: 'graph/unclosed-expression',
    message: 'this ${ has no end',
    hint: 'close it with }; write a string that contains "${" as ${"${"}',
  },
} as const;

/** The maximum number of cached strings, and their maximum length. */
const MAX_TEXTS = 10_000;
const MAX_TEXT_LENGTH = 200;

/** The remedy for a computed key in an object with fixed fields. */
const MAPS_ONLY = 'only a map with free keys, such as labels, annotations or data, can have a computed key';

const NOWHERE: Whereabouts = { base: [] };

/** Walks a value without a schema. Every string may contain an expression. */
export function walkFreely(value: JsonValue, where = NOWHERE): Walked {
  const walker = new Walker(where);
  const skeleton = walker.free(value);
  return { skeleton, fields: walker.fields, problems: walker.problems, unclosed: walker.unclosed };
}

/** Walks a value together with its schema, and checks the types of its literals as kro does. */
export function walkWithSchema(value: JsonValue, schema: Schema, where = NOWHERE): Walked {
  const walker = new Walker(where);
  const skeleton = walker.typed(value, schema);
  return { skeleton, fields: walker.fields, problems: walker.problems, unclosed: walker.unclosed };
}

class Walker {
  readonly fields: Field[] = [];
  readonly problems: WalkProblem[] = [];
  readonly unclosed: Unclosed[] = [];
  readonly #base: readonly PathStep[];
  readonly #texts: Map<string, ExpressionText>;
  readonly #level: KroCompatibility | undefined;
  readonly #dynamicKeys: boolean;
  /** The place of the current value. */
  #place: TemplatePlace;
  /** The known and the unknown fields of an object, and the fields one level deeper that have all the unknown ones. */
  readonly #fieldsOf = oncePerObject((schema: Schema) => {
    const known = Object.keys(schema.properties ?? {});
    return oncePerObject((parent: JsonObject) => {
      const unknownKeys = Object.keys(parent).filter((each) => memberSchema(schema, each) === undefined);
      return { known, unknownKeys, deeper: innerFieldsWith(unknownKeys, schema) };
    });
  });

  constructor({ base, root = new TemplatePlace(), texts = new Map(), level, dynamicKeys = false }: Whereabouts) {
    this.#base = base;
    this.#level = level;
    this.#dynamicKeys = dynamicKeys;
    this.#texts = texts;
    this.#place = root;
  }

  free(value: JsonValue): JsonValue {
    if (typeof value === 'string') return this.#string(value);
    if (Array.isArray(value)) return value.map((entry, index) => this.#freely(index, entry));
    if (!isJsonObject(value)) return value;
    const members: JsonObject = {};
    for (const [key, entry] of Object.entries(value)) {
      if (entry !== undefined) setOwn(members, key, this.#freely(key, entry));
    }
    return members;
  }

  #freely(step: PathStep, value: JsonValue): JsonValue {
    const outer = this.#place;
    this.#place = outer.below(step);
    this.#key(step);
    const skeleton = this.free(value);
    this.#place = outer;
    return skeleton;
  }

  /** The path as kro writes it. */
  get #path(): string {
    return this.#place.text;
  }

  typed(value: JsonValue, schema: Schema | undefined): JsonValue {
    if (schema === undefined) {
      this.#refuse(
        'graph/schema-hole',
        `schema is nil for path ${this.#path}`,
        'the schema does not describe this field',
      );
      return null;
    }
    const expected = expectedTypes(schema);
    if (expected === undefined) {
      if (!restrictsValues(schema)) {
        const kro = `schema at path ${this.#path} has no valid type, OneOf, AnyOf, or AdditionalProperties`;
        const hint = 'kro cannot fill a field whose schema gives it no type; leave it out of the template';
        this.#refuse('graph/schema-hole', kro, 'the schema of this field names no type', hint);
        return null;
      }
      this.#refuse('graph/schema-hole', 'unknown schema type', 'the schema of this field names no type that kro knows');
      return null;
    }
    if (isJsonObject(value)) return this.#object(value, schema, expected);
    if (Array.isArray(value)) return this.#list(value, schema, expected);
    if (typeof value === 'string') return this.#typedString(value, expected, schema);
    this.#scalar(value, expected, schema);
    return value;
  }

  #object(value: JsonObject, schema: Schema, expected: readonly string[]): JsonValue {
    if (schema['x-kubernetes-preserve-unknown-fields'] === true) return this.free(value);
    if (!expected.includes('object') && !allowsAdditional(schema)) {
      this.#mismatch(expected, 'object', value, schema);
      return null;
    }
    const members: JsonObject = {};
    const keys = Object.keys(value);
    // Index loop: in unoptimized code for..of allocates at each step.
    for (let index = 0; index < keys.length; index += 1) {
      const key = keys[index] as string;
      const entry = value[key];
      if (entry !== undefined) setOwn(members, key, this.#member(key, entry, schema, value));
    }
    return members;
  }

  #member(key: string, value: JsonValue, schema: Schema, parent: JsonObject): JsonValue {
    const found = memberSchema(schema, key);
    if (found !== undefined) return this.#below(key, value, found);
    this.#unknownField(key, schema, parent);
    return null;
  }

  #below(step: PathStep, value: JsonValue, schema: Schema): JsonValue {
    const isComputed = this.#isComputed(step);
    if (typeof value === 'string' && !value.includes('${') && takesText(schema) && !isComputed) return value;
    const outer = this.#place;
    this.#place = outer.below(step);
    this.#key(step);
    const skeleton = this.typed(value, schema);
    this.#place = outer;
    return skeleton;
  }

  #unknownField(key: string, schema: Schema, parent: JsonObject): void {
    const { known, unknownKeys, deeper } = this.#fieldsOf(schema)(parent);
    const close = nearestName(key, known);
    const inner = close === undefined ? deeper : [];
    // If several unknown fields belong one level deeper, only the first of them is reported.
    if (inner.length > 0 && unknownKeys[0] !== key) return;
    const isItem = typeof this.#place.steps.at(-1) === 'number' && Object.keys(parent).length === 1;
    const pair = isItem ? namedValue(schema, parent) : undefined;
    const listed = known.length > 0 && known.length <= 12 ? `known fields: ${known.join(', ')}` : undefined;
    const meant =
      inner.length > 0 ? `put ${unknownKeys.join(' and ')} below ${inner.join(' or ')}` : pair && `write - ${pair}`;
    this.problems.push({
      code: 'graph/unknown-field',
      steps: [...this.#place.steps, key],
      kro: `error getting field schema for path ${this.#path}.${key}: schema not found for field ${key}`,
      message: `the schema has no field "${key}" here`,
      hint: this.#isComputed(key) ? MAPS_ONLY : close === undefined ? (meant ?? listed) : `did you mean "${close}"?`,
      key: true,
    });
  }

  #list(value: readonly JsonValue[], schema: Schema, expected: readonly string[]): JsonValue {
    if (schema['x-kubernetes-preserve-unknown-fields'] === true) return this.free([...value]);
    if (!expected.includes('array')) {
      this.#mismatch(expected, 'array');
      return null;
    }
    const { items } = schema;
    if (items === undefined) {
      const kro = `invalid array schema for path ${this.#path}: neither Items.Schema nor Properties are defined`;
      this.#refuse('graph/schema-hole', kro, 'the schema of this list does not describe its elements');
      return null;
    }
    return value.map((entry, index) => this.#below(index, entry, items));
  }

  #typedString(value: string, expected: readonly string[], schema: Schema): JsonValue {
    const before = this.fields.length;
    const literal = this.#string(value);
    const field = this.fields.length > before ? this.fields.at(-1) : undefined;
    const standalone = field !== undefined && field.text.template === undefined;
    const wellScanned = literal !== null || field !== undefined;
    if (standalone || !wellScanned) return literal;
    if (!expected.includes('string') && !expected.includes('any')) this.#mismatch(expected, 'string', value, schema);
    return literal;
  }

  #scalar(value: null | boolean | number | bigint, expected: readonly string[], schema: Schema): void {
    if (value === null || expected.includes('any')) return;
    if (typeof value === 'boolean') {
      if (!expected.includes('boolean')) this.#mismatch(expected, 'boolean', value, schema);
      return;
    }
    // Go reads an integer beyond 64 bits as a float.
    const whole = typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : isInt64(value);
    if (expected.includes('number') || (whole && expected.includes('integer'))) return;
    this.#mismatch(expected, whole ? 'integer' : 'float64', value, schema);
  }

  #isComputed(step: PathStep): step is string {
    return this.#dynamicKeys && typeof step === 'string' && step.includes('${');
  }

  /** Registers the expression of the key at the end of the current path, if the key is computed. */
  #key(key: PathStep): void {
    if (!this.#isComputed(key)) return;
    const scanned = scanExpressions(key, this.#level);
    if (!scanned.ok) {
      const { problem, message: kro } = scanned;
      this.problems.push({ ...SCAN_PROBLEMS[problem], steps: this.#place.steps, kro, key: true });
      return;
    }
    const text = joinParts(key, scanned.parts);
    if (text !== undefined) this.fields.push(new Field(text, this.#place, this.#base, true));
  }

  /** Registers the expression of a string. Returns the literal, or null for a string with an expression. */
  #string(value: string): JsonValue {
    if (!value.includes('${')) return value;
    const known = this.#texts.get(value);
    if (known !== undefined) return this.#found(known);
    const scanned = scanExpressions(value, this.#level);
    if (!scanned.ok) {
      const { problem, message: kro, offset } = scanned;
      this.problems.push({ ...SCAN_PROBLEMS[problem], steps: this.#place.steps, kro, offset });
      return null;
    }
    const open = unclosedAt(scanned.parts);
    if (open !== undefined) this.unclosed.push({ steps: this.#place.steps, offset: open });
    const text = joinParts(value, scanned.parts);
    if (text === undefined) return value;
    if (open === undefined && value.length <= MAX_TEXT_LENGTH && this.#texts.size < MAX_TEXTS)
      this.#texts.set(value, text);
    return this.#found(text);
  }

  #found(text: ExpressionText): null {
    this.fields.push(new Field(text, this.#place, this.#base));
    return null;
  }

  #mismatch(expected: readonly string[], got: string, value?: JsonValue, schema: Schema = EMPTY_SCHEMA): void {
    const types = expected.join(' or ');
    this.problems.push({
      code: 'graph/literal-type',
      steps: this.#place.steps,
      kro: `expected ${types} type for path ${this.#path}, got ${got}`,
      message: `this field takes ${article(types)}, not ${article(wordFor(got, value))}`,
      hint:
        (value === undefined ? undefined : shapeHint(schema, value, this.#place.steps)) ??
        literalHint(expected, value, this.#level),
    });
  }

  #refuse(code: string, kro: string, message: string, hint?: string): void {
    this.problems.push({ code, steps: this.#place.steps, kro, message, hint });
  }
}

function isInt64(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) < 2 ** 63;
}

/** The name of a type in messages for authors. Go reads a number beyond 64 bits as a float. */
function wordFor(type: string, value: JsonValue | undefined): string {
  if (type !== 'float64') return type;
  return typeof value === 'bigint' || Number.isInteger(value) ? 'number beyond 64 bits' : 'fraction';
}

function article(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

/**
 * Returns the path of an expression without its `$`, such as `{schema.spec.name}`: YAML reads it as a map with one key
 * and no value.
 */
function flowRead(value: JsonObject): string | undefined {
  const [key = '', ...others] = Object.keys(value);
  return others.length === 0 && value[key] === null && /^[A-Za-z]\w*(?:\.\w+|\[[^\]]*\])+$/.test(key) ? key : undefined;
}

/**
 * The remedy for a string with an expression and other text, if the field requires the value of the expression itself.
 */
function textHint(value: string, level: KroCompatibility | undefined): string {
  const bare = value.trim();
  const scanned = scanExpressions(bare, level);
  if (bare === value || !scanned.ok || scanned.parts.some(({ kind }) => kind !== 'expression'))
    return 'use one bare ${…} of the right type, without text around it';
  return value.trimEnd() === value
    ? 'remove the blanks before the ${…}: they make it a string'
    : 'remove the blanks and line breaks after the }, which make it a string; in YAML write |- instead of |, or >- instead of >';
}

/** The remedy for a literal of the wrong type; undefined when no remedy is known. */
function literalHint(
  expected: readonly string[],
  value: JsonValue | undefined,
  level: KroCompatibility | undefined,
): string | undefined {
  if (
    expected.includes('string') &&
    (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
  ) {
    return `quote it: "${value}"`;
  }
  const isWhole = typeof value === 'bigint' || Number.isInteger(value);
  if (isWhole && (expected.includes('integer') || expected.includes('number')))
    return 'write a number that fits into 64 bits';
  if (isWhole && expected.includes('boolean')) return 'write true or false';
  const read = isJsonObject(value) ? flowRead(value) : undefined;
  if (read !== undefined) return `{…} without $ is a map of YAML; an expression begins with $: write \${${read}}`;
  if (typeof value === 'string' && value.includes('${')) return textHint(value, level);
  if (expected.includes('array') && !Array.isArray(value))
    return 'begin each entry with "- ", also when there is only one';
  if (typeof value !== 'string') return undefined;
  const isNumber = /^-?\d+(?:\.\d+)?$/.test(value) && (expected.includes('integer') || expected.includes('number'));
  const isBoolean = /^(?:true|false)$/.test(value) && expected.includes('boolean');
  return isNumber || isBoolean ? `remove the quotes: ${value}` : undefined;
}

/**
 * Does the schema restrict values according to kro? An int-or-string schema does, because API servers publish it with
 * `anyOf`.
 */
function restrictsValues(schema: Schema): boolean {
  return (
    (schema.type !== undefined && schema.type !== '') ||
    (schema.oneOf?.length ?? 0) > 0 ||
    (schema.anyOf?.length ?? 0) > 0 ||
    schema.additionalProperties !== undefined ||
    schema['x-kubernetes-int-or-string'] === true
  );
}

function takesText(schema: Schema): boolean {
  const expected = expectedTypes(schema);
  return expected !== undefined && (expected.includes('string') || expected.includes('any'));
}

function allowsAdditional(schema: Schema): boolean {
  return schema.additionalProperties !== undefined && schema.additionalProperties !== false;
}

const EMPTY_SCHEMA: Schema = {};

/**
 * The schema of a member: that of the property, or that of additional properties when there is no such property (an
 * empty schema for `true`).
 */
export function memberSchema(schema: Schema, key: string): Schema | undefined {
  const { properties, additionalProperties } = schema;
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  if (additionalProperties === true) return EMPTY_SCHEMA;
  return additionalProperties === false ? undefined : additionalProperties;
}

/** The types of values that kro expects for this schema; undefined when the schema restricts no type. */
export const expectedTypes = oncePerObject((schema: Schema): readonly string[] | undefined => {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return ['any'];
  if (schema['x-kubernetes-int-or-string'] === true) return ['string', 'integer'];
  for (const members of [schema.oneOf, schema.anyOf]) {
    const types = unionTypes(members ?? []);
    if (types.length > 0) return types;
  }
  if (schema.type !== undefined && schema.type !== '') return [schema.type];
  return allowsAdditional(schema) ? ['any'] : undefined;
});

function unionTypes(members: readonly Schema[]): string[] {
  const types = new Set<string>();
  for (const member of members) {
    if ((member.required?.length ?? 0) > 0 || member.not !== undefined) types.add('object');
    if (member.type !== undefined && member.type !== '') types.add(member.type);
  }
  return [...types];
}
