import type { JsonValue } from '@typekro/kit/core';
import { goJson } from '@typekro/kit/golang';
import type { ComparedFacets, FacetChange, FacetChangeType } from './compare-facets.ts';
import { changedFacets, mapValuesChange } from './compare-facets.ts';
import type { Schema } from '../model.ts';

/** A keyword that limits a number, or the length of a string or list. */
export type BoundKeyword = 'MINIMUM' | 'MAXIMUM' | 'MIN_LENGTH' | 'MAX_LENGTH' | 'MIN_ITEMS' | 'MAX_ITEMS';

/** Kinds of changes. The names are kro's. */
export type ChangeType =
  | 'PROPERTY_ADDED'
  | 'PROPERTY_REMOVED'
  | 'TYPE_CHANGED'
  | 'DESCRIPTION_CHANGED'
  | 'DEFAULT_CHANGED'
  | 'REQUIRED_ADDED'
  | 'REQUIRED_REMOVED'
  | 'REQUIRED_DEFAULT_REMOVED'
  | 'ENUM_RESTRICTED'
  | 'ENUM_EXPANDED'
  | 'ADDITIONAL_PRINTER_COLUMNS_CHANGED'
  | FacetChangeType
  | `PATTERN_${'ADDED' | 'CHANGED' | 'REMOVED'}`
  | `${BoundKeyword}_${'ADDED' | 'REMOVED' | 'INCREASED' | 'DECREASED'}`;

/**
 * One difference between two schemas. `old` and `new` are the values of the changed keyword as strings; empty if there
 * is no value.
 */
export interface SchemaChange extends Pick<FacetChange, 'breaking' | 'old' | 'new'> {
  readonly type: ChangeType;
  /** The path in the schema: `.properties.spec.properties.replicas.minimum`. */
  readonly path: string;
  /** The version whose schema changes, for a CRD with conversions. `path` is then a path in the schema of this version. */
  readonly version?: string;
  /**
   * A sentence for users. An added or removed property is named by the part after the last dot of its path, as in kro.
   */
  readonly description: string;
}

/** Depth at which the comparison stops. */
const MAX_DEPTH = 500;

/**
 * The differences that kro records between two structural schemas. The comparison covers properties, types, required,
 * enum, pattern, bounds, default and description, and descends only into `properties` and `items`. `facets` selects
 * additional keywords (default `none`, as in kro 0.9). With `conservative`, the comparison also descends into
 * `additionalProperties`.
 */
export function compareSchemas(old: Schema, next: Schema, facets: ComparedFacets = 'none'): SchemaChange[] {
  const changes: SchemaChange[] = [];
  compare('', old, next, { changes, facets }, 0);
  return changes;
}

/** The state of a comparison: the changes found so far, and the additional keywords that it covers. */
interface SchemaComparison {
  readonly changes: SchemaChange[];
  readonly facets: ComparedFacets;
}

/** Returns a function that adds a change of a part of the schema at `path`. */
const adderTo =
  (changes: SchemaChange[], path: string) =>
  (type: ChangeType, breaking: boolean, at: string, before: string, after: string, description: string): void =>
    void changes.push({ type, breaking, path: path + at, old: before, new: after, description });

function compare(path: string, old: Schema, next: Schema, comparison: SchemaComparison, depth: number): void {
  const { changes, facets } = comparison;
  const add = adderTo(changes, path);
  const [oldText, newText] = [old.description ?? '', next.description ?? ''];
  if (oldText !== newText) {
    const description = `Description field was changed from ${oldText} to ${newText}`;
    add('DESCRIPTION_CHANGED', false, '.description', oldText, newText, description);
  }
  const [before, after] = [jsonText(old.default), jsonText(next.default)];
  if (before !== after) {
    const description = `Default value was changed from ${before} to ${after}`;
    add('DEFAULT_CHANGED', false, '.default', before, after, description);
  }
  const [oldType, newType] = [old.type ?? '', next.type ?? ''];
  if (oldType !== newType) {
    add('TYPE_CHANGED', true, '.type', oldType, newType, `Type changed from ${oldType} to ${newType}`);
    return;
  }
  for (const { at, ...change } of changedFacets(old, next, facets)) changes.push({ ...change, path: path + at });
  comparePattern(old.pattern ?? '', next.pattern ?? '', add);
  for (const bound of BOUNDS) compareBound(bound, old[bound.member], next[bound.member], add);
  if (depth >= MAX_DEPTH) return;
  compareProperties(path, old, next, comparison, depth);
  if (facets === 'conservative') compareMapValues(path, old, next, comparison, depth);
  compareEnum(old.enum, next.enum, add);
  if (oldType !== 'array') return;
  if (old.items !== undefined && next.items === undefined) {
    add('PROPERTY_REMOVED', true, '.items', '', '', 'Property items was removed');
  } else if (old.items === undefined && next.items !== undefined) {
    add('PROPERTY_ADDED', false, '.items', '', '', 'Optional property items was added');
  } else if (old.items !== undefined && next.items !== undefined) {
    compare(`${path}.items`, old.items, next.items, comparison, depth + 1);
  }
}

type Add = (
  type: ChangeType,
  breaking: boolean,
  at: string,
  before: string,
  after: string,
  description: string,
) => void;

function comparePattern(old: string, next: string, add: Add): void {
  if (old === next) return;
  if (old === '') add('PATTERN_ADDED', true, '.pattern', '', next, `Validation pattern ${next} was added`);
  else if (next === '') add('PATTERN_REMOVED', false, '.pattern', old, '', `Validation pattern ${old} was removed`);
  else add('PATTERN_CHANGED', true, '.pattern', old, next, `Validation pattern changed from ${old} to ${next}`);
}

interface BoundKind {
  readonly member: 'minimum' | 'maximum' | 'minLength' | 'maxLength' | 'minItems' | 'maxItems';
  readonly name: BoundKeyword;
  readonly label: string;
  /** The direction in which the bound becomes stricter. */
  readonly stricter: 'INCREASED' | 'DECREASED';
}

const BOUNDS: readonly BoundKind[] = [
  { member: 'minimum', name: 'MINIMUM', label: 'Minimum', stricter: 'INCREASED' },
  { member: 'maximum', name: 'MAXIMUM', label: 'Maximum', stricter: 'DECREASED' },
  { member: 'minLength', name: 'MIN_LENGTH', label: 'MinLength', stricter: 'INCREASED' },
  { member: 'maxLength', name: 'MAX_LENGTH', label: 'MaxLength', stricter: 'DECREASED' },
  { member: 'minItems', name: 'MIN_ITEMS', label: 'MinItems', stricter: 'INCREASED' },
  { member: 'maxItems', name: 'MAX_ITEMS', label: 'MaxItems', stricter: 'DECREASED' },
];

type Limit = number | bigint | undefined;

function compareBound({ member, name, label, stricter }: BoundKind, old: Limit, next: Limit, add: Add): void {
  const [before, after] = [decimal(old), decimal(next)];
  if (before === after) return;
  const at = `.${member}`;
  if (old === undefined) add(`${name}_ADDED`, true, at, '', after, `${label} constraint ${after} was added`);
  else if (next === undefined)
    add(`${name}_REMOVED`, false, at, before, '', `${label} constraint ${before} was removed`);
  else {
    const direction = next > old ? 'INCREASED' : 'DECREASED';
    const description = `${label} was ${direction.toLowerCase()} from ${before} to ${after}`;
    add(`${name}_${direction}`, direction === stricter, at, before, after, description);
  }
}

/** Formats a number without an exponent. */
function decimal(value: Limit): string {
  if (value === undefined) return '';
  if (typeof value === 'bigint') return String(value);
  if (Number.isInteger(value)) return String(BigInt(value));
  const text = String(value);
  const [mantissa = '', exponent] = text.split('e');
  if (exponent === undefined) return text;
  const digits = mantissa.replace('-', '').replace('.', '');
  const sign = value < 0 ? '-' : '';
  return `${sign}0.${'0'.repeat(-Number(exponent) - 1)}${digits}`;
}

/**
 * Compares two enums. Ignores an enum that is added or removed as a whole. `changedFacets` reports this change, except
 * with `none`.
 */
function compareEnum(old: readonly JsonValue[] | undefined, next: readonly JsonValue[] | undefined, add: Add): void {
  if (!Array.isArray(old) || !Array.isArray(next) || old.length === 0 || next.length === 0) return;
  const [before, after] = [new Set(old.map(jsonText)), new Set(next.map(jsonText))];
  for (const value of before) {
    if (!after.has(value)) add('ENUM_RESTRICTED', true, '.enum', value, '', `Enum value ${value} was removed`);
  }
  for (const value of after) {
    if (!before.has(value)) add('ENUM_EXPANDED', false, '.enum', '', value, `Enum value ${value} was added`);
  }
}

/** The JSON text of a default or enum value; empty for null. */
function jsonText(value: JsonValue | undefined): string {
  return value === undefined || value === null ? '' : goJson(value);
}

function compareMapValues(path: string, old: Schema, next: Schema, comparison: SchemaComparison, depth: number): void {
  const change = mapValuesChange(old, next);
  if (change !== undefined) {
    const { at, ...rest } = change;
    comparison.changes.push({ ...rest, path: path + at });
  }
  const [before, after] = [old.additionalProperties, next.additionalProperties];
  if (typeof before !== 'object' || typeof after !== 'object') return;
  compare(`${path}.additionalProperties`, before, after, comparison, depth + 1);
}

function compareProperties(path: string, old: Schema, next: Schema, comparison: SchemaComparison, depth: number): void {
  const { changes } = comparison;
  const [before, after] = [new Map(entries(old)), new Map(entries(next))];
  const [wasRequired, isRequired] = [new Set(old.required), new Set(next.required)];
  const add = adderTo(changes, path);
  for (const [name, schema] of before) {
    const at = `.properties.${name}`;
    const newSchema = after.get(name);
    if (newSchema === undefined) add('PROPERTY_REMOVED', true, at, '', '', `Property ${lastPart(name)} was removed`);
    else compare(path + at, schema, newSchema, comparison, depth + 1);
  }
  for (const [name, schema] of after) {
    if (before.has(name)) continue;
    const breaking = isRequired.has(name) && jsonText(schema.default) === '';
    const [from, to] = breaking ? ['required=false', 'required=true'] : ['', ''];
    const description = `Optional property ${lastPart(name)} was added`;
    add('PROPERTY_ADDED', breaking, `.properties.${name}`, from, to, description);
  }
  for (const name of isRequired) {
    if (!wasRequired.has(name) && before.has(name)) {
      add('REQUIRED_ADDED', true, '.required', '', name, `Field ${name} is newly required`);
    }
  }
  for (const name of wasRequired) {
    if (!isRequired.has(name))
      add('REQUIRED_REMOVED', false, '.required', name, '', `Field ${name} is no longer required`);
    else if (jsonText(before.get(name)?.default) !== '' && jsonText(after.get(name)?.default) === '') {
      const description = `Default value removed from required field ${name}`;
      add('REQUIRED_DEFAULT_REMOVED', true, '.required', name, '', description);
    }
  }
}

const entries = (schema: Schema): [string, Schema][] =>
  Object.entries(schema.properties ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));

/** kro's name for a property: the part after the last dot of the path. */
const lastPart = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
