import { crdVersions, versionSchema } from './crd-versions.ts';
import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { commonJson, isJsonObject, jsonEquals } from '@typekro/kit/core';
import { formatCheck } from '../formats.ts';
import type { Schema } from '../model.ts';

/** The depth at which the comparison stops and reports that the schemas are too deep. */
const MAX_DEPTH = 64;

/** The number formats that refuse values. `int64` and `double` allow all numbers that their types allow. */
const RANGE_FORMATS: ReadonlySet<string> = new Set(['int32', 'float']);

/** A greater lower bound allows fewer values, and a smaller upper bound allows fewer values. */
const LOWER_BOUNDS = ['minimum', 'minLength', 'minItems', 'minProperties'] as const;
const UPPER_BOUNDS = ['maximum', 'maxLength', 'maxItems', 'maxProperties'] as const;

/**
 * Describes the values that an API server no longer accepts, keeps or serves when `next` replaces the
 * CustomResourceDefinition `old`. The result has one message per narrower keyword of a field, and one per removed
 * version, subresource or selectable field. An empty result means that the function found no narrowing. `compareCrds`
 * covers only the keywords that kro compares. This function covers all keywords that can refuse or drop a value, such
 * as rules, additional fields, enums, formats, versions and selectable fields. A changed rule or pattern is reported,
 * because the function cannot prove that the old and the new one are equivalent. Rules with the same message count as
 * equal.
 */
export function crdNarrowings(old: KubeObject, next: KubeObject): string[] {
  const found: string[] = [];
  if (old.spec?.['scope'] !== next.spec?.['scope']) found.push(`spec.scope: ${text(next.spec?.['scope'])}`);
  const versions = new Map(crdVersions(next).map((version) => [version['name'], version]));
  for (const before of crdVersions(old)) {
    const name = typeof before['name'] === 'string' ? before['name'] : '';
    const after = versions.get(before['name']);
    if (after === undefined) found.push(`version ${name} is gone`);
    else for (const each of versionNarrowings(name, before, after)) found.push(each);
  }
  return found;
}

function versionNarrowings(name: string, before: JsonObject, after: JsonObject): string[] {
  const found: string[] = [];
  for (const flag of ['served', 'storage']) {
    if (before[flag] === true && after[flag] !== true) found.push(`version ${name} is no longer ${flag}`);
  }
  const subresources = (version: JsonObject) => (isJsonObject(version['subresources']) ? version['subresources'] : {});
  for (const subresource of Object.keys(subresources(before))) {
    if (!Object.hasOwn(subresources(after), subresource)) found.push(`the subresource ${subresource} is gone`);
  }
  const selectable = (version: JsonObject) =>
    (Array.isArray(version['selectableFields']) ? version['selectableFields'] : []).map((field) =>
      isJsonObject(field) ? field['jsonPath'] : undefined,
    );
  for (const path of selectable(before)) {
    if (!selectable(after).includes(path)) found.push(`the selectable field ${text(path)} is gone`);
  }
  const [was, is] = [versionSchema(before), versionSchema(after)];
  if (was !== undefined && is !== undefined) for (const each of schemaNarrowings(was, is)) found.push(each);
  return found;
}

/**
 * Describes the values that the schema `old` accepts and the schema `next` refuses or drops: one message per narrower
 * keyword.
 */
export function schemaNarrowings(old: Schema, next: Schema): string[] {
  const found: string[] = [];
  compare('', old, next, found, 0);
  return found;
}

function compare(path: string, old: Schema, next: Schema, found: string[], depth: number): void {
  const add = (what: string): void => void found.push(`${path === '' ? 'the object' : path}: ${what}`);
  if (depth > MAX_DEPTH) return add('the schemas are too deep to be compared');
  const wasOpen = old['x-kubernetes-preserve-unknown-fields'] === true;
  const isOpen = next['x-kubernetes-preserve-unknown-fields'] === true;
  // A schema that accepts any value has no parts to compare.
  if (wasOpen && old.type === undefined && !(isOpen && next.type === undefined))
    return add('no longer accepts every value');
  compareKeywords(old, next, add);
  if (wasOpen && !isOpen) add('unknown fields are dropped');

  const known = next.properties ?? {};
  for (const [key, before] of Object.entries(old.properties ?? {})) {
    const after = Object.hasOwn(known, key) ? known[key] : additionalOf(next);
    const at = path === '' ? key : `${path}.${key}`;
    if (after !== undefined) compare(at, before, after, found, depth + 1);
    else if (!isOpen) found.push(`${at}: the field is dropped`);
  }
  const additional = additionalOf(old);
  for (const [key, after] of Object.entries(known)) {
    if (Object.hasOwn(old.properties ?? {}, key)) continue;
    // An undeclared field that was preserved may have any value, so the new schema can be narrower. A field that was
    // always dropped may get any schema.
    const before = additional ?? (wasOpen ? OPEN : undefined);
    if (before !== undefined) compare(path === '' ? key : `${path}.${key}`, before, after, found, depth + 1);
  }
  if (additional !== undefined) {
    const after = additionalOf(next);
    if (after !== undefined) compare(`${path}.*`, additional, after, found, depth + 1);
    else if (!isOpen) add('other fields are dropped');
  }
  if (next.items !== undefined && (old.items !== undefined || wasOpen)) {
    compare(`${path}[]`, old.items ?? OPEN, next.items, found, depth + 1);
  }
}

const OPEN: Schema = { 'x-kubernetes-preserve-unknown-fields': true };

/** The schema of undeclared members; undefined if `additionalProperties` allows no such members. */
function additionalOf({ additionalProperties: additional }: Schema): Schema | undefined {
  return additional === true ? OPEN : additional === false ? undefined : additional;
}

function compareKeywords(old: Schema, next: Schema, add: (what: string) => void): void {
  const isIntOrString = next['x-kubernetes-int-or-string'] === true;
  if (old['x-kubernetes-int-or-string'] === true && !isIntOrString) add('no longer accepts both integers and strings');
  else if (next.type !== undefined && !isIntOrString && !takesType(old.type, next.type))
    add(`accepts only ${next.type}`);
  if (old.nullable === true && next.nullable !== true) add('no longer accepts null');
  for (const name of next.required ?? []) {
    const hasDefault = next.properties?.[name]?.default !== undefined;
    if (!hasDefault && old.required?.includes(name) !== true) add(`requires ${name}`);
  }
  if (next.enum !== undefined) {
    const isWithin = old.enum !== undefined && commonJson(old.enum, next.enum).length === old.enum.length;
    if (!isWithin) add('accepts fewer values');
  }
  const { pattern = '' } = next;
  if (pattern !== '' && pattern !== old.pattern) add(`accepts only strings that match ${pattern}`);
  const { format } = next;
  const isChecked = format !== undefined && (RANGE_FORMATS.has(format) || formatCheck(format) !== undefined);
  if (isChecked && format !== old.format) add(`accepts only the format ${format}`);
  for (const keyword of LOWER_BOUNDS) {
    // An absent lower bound on a length or a number of members equals zero.
    const [was = keyword === 'minimum' ? undefined : 0, is] = [old[keyword], next[keyword]];
    if (is !== undefined && (was === undefined || is > was)) add(`${keyword} is ${is}`);
  }
  for (const keyword of UPPER_BOUNDS) {
    const [was, is] = [old[keyword], next[keyword]];
    if (is !== undefined && (was === undefined || is < was)) add(`${keyword} is ${is}`);
  }
  for (const keyword of ['exclusiveMinimum', 'exclusiveMaximum', 'uniqueItems'] as const) {
    if (next[keyword] === true && old[keyword] !== true) add(`${keyword} is true`);
  }
  if (next.multipleOf !== undefined && next.multipleOf !== old.multipleOf) add(`multipleOf is ${next.multipleOf}`);
  const list = next['x-kubernetes-list-type'];
  const keys = next['x-kubernetes-list-map-keys'] ?? [];
  const losesKey = list === 'map' && old['x-kubernetes-list-map-keys']?.every((key) => keys.includes(key)) === false;
  if ((list === 'set' || list === 'map') && (list !== old['x-kubernetes-list-type'] || losesKey))
    add('accepts no repeated elements');
  if (next['x-kubernetes-embedded-resource'] === true && old['x-kubernetes-embedded-resource'] !== true)
    add('accepts only resources with an apiVersion and a kind');
  for (const keyword of ['allOf', 'anyOf', 'oneOf', 'not'] as const) {
    if (next[keyword] === undefined) continue;
    if (!jsonEquals(next[keyword] as JsonValue, (old[keyword] ?? null) as JsonValue)) add(`${keyword} differs`);
  }
  const rules = old['x-kubernetes-validations'] ?? [];
  for (const { rule, message } of next['x-kubernetes-validations'] ?? []) {
    const known = rules.some((each) => each.rule === rule || (message !== undefined && each.message === message));
    if (!known) add(message ?? `accepts only values that satisfy ${rule}`);
  }
}

/**
 * Does a field of the new type accept every value of the old type? An undefined old type means that the field had no
 * type and accepted any value.
 */
function takesType(old: string | undefined, next: string): boolean {
  return old === next || (old === 'integer' && next === 'number');
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : 'none';
}
