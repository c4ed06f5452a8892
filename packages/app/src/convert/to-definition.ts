import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { isJsonObject, setOwn, stringifyJson } from '@typekro/kit/core';
import { type PathStep, Naming } from '@typekro/engine/graph';
import { toSimpleSchema } from '@typekro/sdk/notations';
import type { Lift } from './lift.ts';
import { applicableObject } from './live-fields.ts';
import { type FieldReference, fieldReferences, indexObjects } from './field-references.ts';

/** The name of a definition, and the kind of its instances. */
export interface ConvertedNames {
  readonly name: string;
  readonly kind: string;
}

/**
 * Makes a definition whose instances create these objects. Each object becomes one resource. References between the
 * objects become expressions. A value that `lifts` names becomes a field of the spec, with the value as its default.
 * Fields that a server writes are left out, and strings that contain `${` are escaped.
 */
export function toDefinition(
  objects: readonly KubeObject[],
  lifts: readonly Lift[],
  names: ConvertedNames,
): JsonObject {
  const ids = idsOf(objects);
  const references = acyclicReferences(objects, lifts);
  const resources = objects.map((object): JsonObject => {
    const template = quoted(applicableObject(object)) as JsonObject;
    for (const { path, target, part } of references.get(object) ?? []) {
      setAtPath(template, path, `\${${[ids.get(target) ?? '', ...part].join('.')}}`);
    }
    for (const { path, field } of lifts.filter((lift) => lift.object === object)) {
      setAtPath(template, path, `\${schema.spec.${field}}`);
    }
    return { id: ids.get(object) ?? '', template };
  });
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: names.name },
    spec: { schema: { apiVersion: 'v1alpha1', kind: names.kind, spec: specOf(lifts) }, resources },
  };
}

/** Makes the name of a kind from the name of a definition: `WebApp` for `web-app`. */
export function kindOfName(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function specOf(lifts: readonly Lift[]): JsonObject {
  const properties = Object.fromEntries(lifts.map(({ field, schema }) => [field, schema]));
  const written = toSimpleSchema({ type: 'object', properties });
  if (!written.ok) throw new TypeError(`a lifted value has no schema: ${written.diagnostics[0]?.message ?? ''}`);
  return written.spec;
}

/**
 * Makes the ids of the resources. An id consists of the kind. The name is added if several objects have this kind, or
 * if the kind is a reserved word. A number is added if the id is taken or is a reserved word.
 */
function idsOf(objects: readonly KubeObject[]): Map<KubeObject, string> {
  const taken = new Set<string>();
  const ids = new Map<KubeObject, string>();
  const numbers = new Map<string, number>();
  const ofKind = new Map<string, number>();
  for (const { kind } of objects) ofKind.set(kind, (ofKind.get(kind) ?? 0) + 1);
  for (const object of objects) {
    const isOnly = ofKind.get(object.kind) === 1;
    const short = lowerCamel(object.kind);
    const base =
      isOnly && !Naming.isReservedWord(short) ? short : lowerCamel(`${object.kind}-${object.metadata.name ?? ''}`);
    let id = base;
    for (let number = numbers.get(base) ?? 2; taken.has(id) || Naming.isReservedWord(id); number += 1) {
      id = `${base}${number}`;
      numbers.set(base, number + 1);
    }
    taken.add(id);
    ids.set(object, id);
  }
  return ids;
}

/**
 * Converts a string to lower camel case. The result can be a reserved word such as `namespace`; the caller must check
 * this.
 */
const lowerCamel = (text: string): string => Naming.suggestId(text) ?? text.charAt(0).toLowerCase() + text.slice(1);

/** Drops references that would close a cycle, and references in fields that `lifts` names. */
function acyclicReferences(objects: readonly KubeObject[], lifts: readonly Lift[]): Map<KubeObject, FieldReference[]> {
  const kept = new Map<KubeObject, FieldReference[]>();
  const targets = new Set<KubeObject>();
  const needs = (from: KubeObject, to: KubeObject): boolean => {
    if (from !== to && !targets.has(to)) return false;
    const needed = new Set([from]);
    // The loop also visits the objects that it adds.
    for (const each of needed) for (const { target } of kept.get(each) ?? []) needed.add(target);
    return needed.has(to);
  };
  const index = indexObjects(objects);
  for (const object of objects) {
    for (const reference of fieldReferences(object, index)) {
      const isLifted = lifts.some((lift) => lift.object === object && overlaps(lift.path, reference.path));
      if (isLifted || needs(reference.target, object)) continue;
      kept.set(object, [...(kept.get(object) ?? []), reference]);
      targets.add(reference.target);
    }
  }
  return kept;
}

/** Are the two paths equal, or is one of them a prefix of the other? */
function overlaps(one: readonly PathStep[], other: readonly PathStep[]): boolean {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return short.every((step, index) => step === long[index]);
}

/**
 * Replaces each string that contains `${` by an expression that evaluates to this string. Drops fields that are null,
 * as the API server does.
 */
function quoted(value: JsonValue): JsonValue {
  if (typeof value === 'string') return value.includes('${') ? `\${${celText(value)}}` : value;
  if (Array.isArray(value)) return value.map(quoted);
  if (!isJsonObject(value)) return value;
  const result: JsonObject = {};
  for (const [key, member] of Object.entries(value)) {
    if (member !== null && member !== undefined) setOwn(result, key, quoted(member));
  }
  return result;
}

/**
 * Prints a CEL string literal. A JSON string literal is also a CEL string literal, because CEL has all escapes of JSON.
 */
const celText = (text: string): string => stringifyJson(text);

function setAtPath(root: JsonObject, path: readonly PathStep[], value: JsonValue): void {
  const parent = path
    .slice(0, -1)
    .reduce<JsonValue | undefined>(
      (at, step) => (Array.isArray(at) ? at[Number(step)] : isJsonObject(at) ? at[String(step)] : undefined),
      root,
    );
  const last = path.at(-1);
  if (Array.isArray(parent) && typeof last === 'number') parent[last] = value;
  else if (isJsonObject(parent) && last !== undefined) setOwn(parent, String(last), value);
}
