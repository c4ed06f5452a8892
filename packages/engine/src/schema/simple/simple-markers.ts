import { type JsonValue, parseJson } from '@typekro/kit/core';
import { goParseBool, goParseFloat, goParseInt, goQuote, goTrim } from '@typekro/kit/golang';
import { regexProblem } from '@typekro/cel';
import type { ListType, Schema, ValidationRule } from '../model.ts';
import type { Marker, MarkerKey } from './simple-lexer.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A field's schema while its markers are applied. */
export interface MarkedSchema {
  /** A shallow copy that the markers may change. */
  readonly schema: Mutable<Schema>;
  /** The number of `required=true` markers. kro adds the field to `required` once per marker. */
  required: number;
  /**
   * The reasons why members of `schema` cannot be written as JSON, keyed by the member. A later marker that sets such a
   * member again removes or replaces its reason.
   */
  readonly unwritable: Map<string, string>;
}

/** The error of a marker that does not fit the field. The message is kro's. */
interface MarkerError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

type Outcome = MarkerError | undefined;
type Apply = (target: MarkedSchema, value: string) => Outcome;

const wrong = (code: string, message: string, hint?: string): MarkerError => ({
  code: `simpleschema/${code}`,
  message,
  ...(hint === undefined ? {} : { hint }),
});

/** Applies one marker. Markers are applied from left to right. */
export function applyMarker(target: MarkedSchema, marker: Marker): Outcome {
  return APPLY[marker.key](target, marker.value);
}

/** Makes the checks for which all markers must be known. */
export function finishMarkers(target: MarkedSchema): Outcome {
  const { 'x-kubernetes-list-map-keys': keys, 'x-kubernetes-list-type': listType } = target.schema;
  if (keys === undefined || keys.length === 0 || listType === 'map') return undefined;
  const state = listType === undefined ? 'unset' : `set to ${listType}`;
  return wrong(
    'list-type',
    `listMapKey set while listType is ${state}, listType must be set to map`,
    'add listType=map',
  );
}

const boolean =
  (label: string, apply: (target: MarkedSchema, value: boolean) => Outcome): Apply =>
  (target, text) => {
    const parsed = goParseBool(text);
    if (parsed.ok) return apply(target, parsed.value);
    return wrong('marker-value', `failed to parse ${label} marker value: ${parsed.error}`, 'write true or false');
  };

const bound =
  (member: 'minimum' | 'maximum'): Apply =>
  ({ schema, unwritable }, text) => {
    const parsed = goParseFloat(text);
    if (!parsed.ok) return wrong('marker-value', `failed to parse ${member} enum value: ${parsed.error}`);
    schema[member] = parsed.value;
    unwritable.delete(member);
    if (!Number.isFinite(parsed.value)) unwritable.set(member, `${text} is not a number that JSON can hold`);
    return undefined;
  };

const count =
  (member: 'minLength' | 'maxLength' | 'minItems' | 'maxItems', type: 'string' | 'array'): Apply =>
  ({ schema }, text) => {
    if (schema.type !== type) {
      return wrong('marker-type', `${member} marker is only valid for ${type} types, got type: ${schema.type}`);
    }
    const parsed = goParseInt(text);
    if (!parsed.ok) return wrong('marker-value', `failed to parse ${member} value: ${parsed.error}`);
    schema[member] = parsed.value;
    return undefined;
  };

const addRule = ({ schema }: MarkedSchema, rule: ValidationRule): undefined => {
  schema['x-kubernetes-validations'] = [...(schema['x-kubernetes-validations'] ?? []), rule];
};

const SCALARS: ReadonlySet<string> = new Set(['string', 'integer', 'number', 'boolean']);

const LIST_TYPES: ReadonlySet<string> = new Set(['atomic', 'set', 'map']);

const APPLY: Readonly<Record<MarkerKey, Apply>> = {
  required: boolean('required', (target, value) => {
    if (value) target.required += 1;
    return undefined;
  }),
  default: applyDefault,
  description({ schema }, value) {
    if (value === '') delete schema.description;
    else schema.description = value;
    return undefined;
  },
  minimum: bound('minimum'),
  maximum: bound('maximum'),
  validation(target, rule) {
    if (goTrim(rule) === '') return wrong('marker-value', 'validation failed', 'write a CEL expression over self');
    return addRule(target, { rule, message: 'validation failed' });
  },
  immutable: boolean('immutable', (target, value) =>
    value ? addRule(target, { rule: 'self == oldSelf', message: 'field is immutable' }) : undefined,
  ),
  enum: applyEnum,
  pattern({ schema }, value) {
    if (value === '') return wrong('marker-value', 'pattern marker value cannot be empty');
    if (schema.type !== 'string') {
      return wrong('marker-type', `pattern marker is only valid for string types, got type: ${schema.type}`);
    }
    const problem = patternProblem(value);
    if (problem !== undefined)
      return wrong('pattern', `invalid pattern regex: ${problem}`, 'patterns are RE2 expressions');
    schema.pattern = value;
    return undefined;
  },
  minLength: count('minLength', 'string'),
  maxLength: count('maxLength', 'string'),
  minItems: count('minItems', 'array'),
  maxItems: count('maxItems', 'array'),
  uniqueItems: boolean('uniqueItems', ({ schema }, unique) => {
    if (schema.type !== 'array') {
      return wrong('marker-type', `uniqueItems marker is only valid for array types, got type: ${schema.type}`);
    }
    if (!unique) return undefined;
    const listType = schema['x-kubernetes-list-type'];
    if (listType !== undefined && listType !== 'set') {
      return wrong('list-type', `cannot set unique when listType is set to ${listType}`);
    }
    schema['x-kubernetes-list-type'] = 'set';
    return undefined;
  }),
  listType({ schema }, value) {
    if (schema.type !== 'array') return wrong('marker-type', 'listType marker only applies to array types');
    if (!LIST_TYPES.has(value)) {
      return wrong('marker-value', `unsupported value for listType ${value}, needs to be one of atomic, set, or map`);
    }
    const known = schema['x-kubernetes-list-type'];
    if (known !== undefined && known !== value) {
      return wrong(
        'list-type',
        `listType attempting to overwrite set type of ${known}, this can happen if you set contradictory markers like unique=true | listType=map`,
      );
    }
    schema['x-kubernetes-list-type'] = value as ListType;
    return undefined;
  },
  printColumn({ schema }, value) {
    const { type = 'any' } = schema;
    if (!SCALARS.has(type)) {
      return wrong('marker-type', `printColumn marker is only valid for scalar types, got type: ${type}`);
    }
    if (goTrim(value) === '')
      return wrong('marker-value', 'printColumn marker value cannot be empty', 'write the name of the column');
    return undefined;
  },
  scale({ schema }, value) {
    if (value !== '') return wrong('marker-value', 'scale marker takes no value', 'write scale alone');
    const { type = 'any' } = schema;
    if (type === 'integer') return undefined;
    return wrong('marker-type', `scale marker is only valid for integer types, got type: ${type}`);
  },
  listMapKey({ schema }, value) {
    if (schema.type !== 'array') return wrong('marker-type', 'listMapKey marker only applies to array types');
    const keys = schema['x-kubernetes-list-map-keys'] ?? [];
    if (keys.includes(value)) return wrong('list-type', `duplicate listMapKey marker, value ${value}`);
    schema['x-kubernetes-list-map-keys'] = [...keys, value];
    return undefined;
  },
};

/** RE2's error for a regular expression; undefined if it is valid. */
export function patternProblem(pattern: string): string | undefined {
  const problem = regexProblem(pattern);
  return problem === undefined || problem.endsWith('`') ? problem : `${problem}: \`\``;
}

function applyDefault({ schema, unwritable }: MarkedSchema, text: string): Outcome {
  const kind = schema.type;
  if (kind === 'integer' && !goParseInt(text).ok) return wrong('default', defaultMessage('integer', text));
  if (kind === 'number' && !goParseFloat(text).ok) return wrong('default', defaultMessage('number', text));
  if (kind === 'boolean' && !goParseBool(text).ok) return wrong('default', defaultMessage('boolean', text));
  // As in kro, an empty default becomes null.
  const json = readJson(kind === 'string' ? `"${text}"` : text === '' ? 'null' : text);
  unwritable.delete('default');
  schema.default = json.ok ? json.value : text;
  if (!json.ok) unwritable.set('default', `default ${goQuote(text)} is not valid JSON for type ${kind ?? 'any'}`);
  return undefined;
}

const defaultMessage = (type: string, text: string): string => `default value must be a valid ${type}, got: ${text}`;

function applyEnum({ schema, unwritable }: MarkedSchema, text: string): Outcome {
  const values: JsonValue[] = [];
  let bad: string | undefined;
  for (const part of text.split(',')) {
    const value = goTrim(part);
    if (value === '') return wrong('enum', 'empty enum values are not allowed');
    if (schema.type === 'string') {
      // kro quotes values as Go does, and Go's escapes such as \x01 are not valid JSON.
      if (/\\[avxU]/.test(goQuote(value).replaceAll('\\\\', ''))) bad = value;
      values.push(value);
      continue;
    }
    if (schema.type !== 'integer') {
      return wrong(
        'marker-type',
        `enum values only supported for string and integer types, got type: ${schema.type ?? ''}`,
      );
    }
    const parsed = goParseInt(value);
    if (!parsed.ok) return wrong('enum', `failed to parse integer enum value: ${parsed.error}`);
    if (!readJson(value).ok) bad = value;
    values.push(parsed.value);
  }
  schema.enum = values;
  unwritable.delete('enum');
  if (bad !== undefined) unwritable.set('enum', `enum value ${goQuote(bad)} cannot be written as JSON`);
  return undefined;
}

/** Parses JSON. As in Go, control characters inside a string are invalid. */
function readJson(text: string): { ok: true; value: JsonValue } | { ok: false } {
  try {
    return { ok: true, value: parseJson(text) };
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown;
    return { ok: false };
  }
}
