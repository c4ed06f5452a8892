import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { grouped, isJsonObject, stringifyJson, tryParseJson } from '@typekro/kit/core';
import { asText, LAST_APPLIED_ANNOTATION } from '@typekro/kit/kubernetes';
import { keys } from '@typekro/engine/runtime';
import { isTooDeepValue } from './file-shape.ts';
import { type SecretInputs, withMaskedInputs } from './mask-inputs.ts';
import { type TextForm, hashedText, maskedTemplate, maskedText } from './masked-values.ts';

/**
 * A secret value with at least this length is masked where it is the whole value of another field. A shorter value can
 * occur there by coincidence.
 */
const MIN_WHOLE_LENGTH = 6;

/**
 * A secret value with at least this length is masked inside a longer string. A shorter value can occur there by
 * coincidence.
 */
const MIN_FOUND_LENGTH = 12;

/**
 * Replaces values of Secrets in objects by salted hashes:
 * - the values of inputs of Secrets, and their defaults, even if no Secret has them yet;
 * - the values in Secrets, and in manifests and templates of Secrets inside definitions, revisions, instances and
 *   Graphs;
 * - the same values in other fields: values of at least 12 characters anywhere in a string, and values of at least 6
 *   characters that are a whole field of an object owned by an instance or a Graph. Fields that name or select objects
 *   are not masked. kubectl's last-applied annotation is removed.
 */
export function maskSecrets(
  salt: string,
  objects: readonly KubeObject[],
  inputs: readonly SecretInputs[] = [],
): (object: KubeObject) => KubeObject {
  const values = valuesOfSecrets(objects);
  for (const object of inputs.length === 0 ? [] : objects) {
    withMaskedInputs(object, inputs, (value) => {
      const text = asText(value);
      if (text.length >= MIN_WHOLE_LENGTH && !values.has(text)) values.set(text, 'text');
      return value;
    });
  }
  for (const { listed } of inputs) for (const value of listed) values.delete(asText(value));
  const mask = (value: JsonValue): string =>
    typeof value === 'string'
      ? maskedText(salt, value, values.get(value) ?? 'text')
      : hashedText(salt, stringifyJson(value));
  const long = byBeginning(salt, values);
  return (object) => {
    const { labels = {} } = object.metadata;
    const isChild = Object.hasOwn(labels, keys.PART_OF_LABEL) || Object.hasOwn(labels, keys.NODE_ID_LABEL);
    const isInput = !isChild || Object.hasOwn(labels, keys.APPLYSET_ID_LABEL);
    const clean = (text: string): string => {
      const whole = isInput ? undefined : values.get(text);
      return whole === undefined ? long(text) : maskedText(salt, text, whole);
    };
    return maskedObject(salt, withMaskedInputs(object, inputs, mask), clean);
  };
}

function maskedObject(salt: string, object: KubeObject, clean: (text: string) => string): KubeObject {
  const { metadata, ...rest } = object;
  const { [LAST_APPLIED_ANNOTATION]: _last, ...annotations } = metadata.annotations ?? {};
  const cleaned = Object.entries(annotations).map(
    ([key, text]) => [key, isReserved(key) ? text : (maskedCopy(salt, text, clean) ?? clean(text))] as const,
  );
  const body = masked(salt, rest, clean) as KubeObject;
  const cleanedMetadata = metadata.annotations === undefined ? {} : { annotations: Object.fromEntries(cleaned) };
  return { ...body, metadata: { ...metadata, ...cleanedMetadata } };
}

/**
 * Masks an annotation that contains a copy of a Secret, in the same way as the Secret itself. kapp and other tools
 * write such annotations. In the copy, short values are masked as well. Returns `undefined` for any other string.
 */
function maskedCopy(salt: string, text: string, clean: (text: string) => string): string | undefined {
  if (!/^\s*[[{]/.test(text) || !text.includes('"Secret"')) return undefined;
  const copy = tryParseJson(text);
  return copy === undefined || isTooDeepValue(copy) ? undefined : stringifyJson(masked(salt, copy, clean));
}

const isReserved = (key: string): boolean =>
  keys.isReservedKey(key) || key.startsWith('typekro.dev/') || key.startsWith('applyset.kubernetes.io/');

/** Matches the keys of strings that identify an object or a part of an object. */
const NAME = /^(?:apiVersion|kind|group|version|type|plural|uid|id|key|(?:.*N|n)ames?|(?:.*N|n)amespaces?)$/;

/** Matches the keys of maps that select objects. */
const SELECTION = /^(?:labels|matchLabels|matchExpressions|(?:.*S|s)elector)$/;

/** Matches the fields whose values are maps with arbitrary keys. */
const FREE = /^(?:data|annotations)$/;

function masked(salt: string, value: JsonValue, clean: (text: string) => string): JsonValue {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map((item) => masked(salt, item, clean));
  if (!isJsonObject(value)) return value;
  const isSecret = value['kind'] === 'Secret';
  const members = Object.entries(value).flatMap(([key, member]): [string, JsonValue][] => {
    if (member === undefined || key === LAST_APPLIED_ANNOTATION) return [];
    if (isSecret && (key === 'data' || key === 'stringData')) return [[key, maskedData(salt, member, FORMS[key])]];
    if (FREE.test(key) && isJsonObject(member)) return [[key, maskedEntries(salt, member, clean)]];
    if (isIdentity(key, member)) return [[key, member]];
    return [[key, masked(salt, member, clean)]];
  });
  return Object.fromEntries(members);
}

/**
 * Masks a map with arbitrary keys. In such a map, the value of a key such as `name` does not identify an object, so a
 * Secret's value in it is masked, too.
 */
function maskedEntries(salt: string, map: JsonObject, clean: (text: string) => string): JsonObject {
  const entries = Object.entries(map).flatMap(([key, member]): [string, JsonValue][] =>
    member === undefined || key === LAST_APPLIED_ANNOTATION ? [] : [[key, masked(salt, member, clean)]],
  );
  return Object.fromEntries(entries);
}

const FORMS = { data: 'base64', stringData: 'text' } as const satisfies Record<string, TextForm>;

function isIdentity(key: string, member: JsonValue): boolean {
  if (SELECTION.test(key)) return true;
  return (
    NAME.test(key) && (Array.isArray(member) ? member.every((item) => !isJsonObject(item)) : !isJsonObject(member))
  );
}

/** Masks the values of a Secret or of its template. In expressions, only the literals are masked. */
function maskedData(salt: string, value: JsonValue, form: TextForm): JsonValue {
  if (value === null) return value;
  if (Array.isArray(value)) return value.map((item) => maskedData(salt, item, form));
  if (isJsonObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [
        key,
        member === undefined ? undefined : maskedData(salt, member, form),
      ]),
    );
  }
  if (typeof value !== 'string') return hashedText(salt, stringifyJson(value));
  return maskedTemplate(salt, value, form);
}

/**
 * Collects the values of Secrets and of their templates, except values with an expression. Collects each value in plain
 * form and in base64.
 */
function valuesOfSecrets(objects: readonly KubeObject[]): Map<string, TextForm> {
  const values = new Map<string, TextForm>();
  const add = (text: string, base64: string) => {
    for (const each of [text, text.trim()]) if (each.length >= MIN_WHOLE_LENGTH) values.set(each, 'text');
    if (base64.length >= MIN_WHOLE_LENGTH) values.set(base64, 'base64');
  };
  const visit = (value: JsonValue | undefined): void => {
    if (Array.isArray(value)) return value.forEach(visit);
    if (!isJsonObject(value)) return;
    if (value['kind'] === 'Secret' && !isServiceAccountToken(value)) {
      for (const text of textsOf(value['data'])) add(Buffer.from(text, 'base64').toString('utf8'), text);
      for (const text of textsOf(value['stringData'])) add(text, Buffer.from(text).toString('base64'));
    }
    Object.values(value).forEach(visit);
  };
  for (const object of objects) visit(object);
  return values;
}

/** Returns the values that contain no expression. */
const textsOf = (data: JsonValue | undefined): string[] =>
  (isJsonObject(data) ? Object.values(data) : []).map(asText).filter((text) => !text.includes('${'));

/**
 * Is it the Secret of a ServiceAccount token? Its values are not searched for in other fields: the namespace and the
 * public certificate must stay visible there, and no other object has a copy of the token.
 */
const isServiceAccountToken = ({ type }: JsonObject): boolean => type === 'kubernetes.io/service-account-token';

/**
 * Returns a function that masks long values inside a string. It makes one look-up per position of the string,
 * independent of the number of values.
 */
function byBeginning(salt: string, values: ReadonlyMap<string, TextForm>): (text: string) => string {
  const long = [...values.keys()].filter((value) => value.length >= MIN_FOUND_LENGTH);
  const found = grouped(
    long.sort((a, b) => b.length - a.length),
    (value) => value.slice(0, MIN_FOUND_LENGTH),
  );
  if (found.size === 0) return (text) => text;
  return (text) => {
    let cleaned = '';
    let from = 0;
    for (let at = 0; at + MIN_FOUND_LENGTH <= text.length;) {
      const value = found.get(text.slice(at, at + MIN_FOUND_LENGTH))?.find((each) => text.startsWith(each, at));
      if (value === undefined) at += 1;
      else {
        cleaned += text.slice(from, at) + maskedText(salt, value, values.get(value) ?? 'text');
        at += value.length;
        from = at;
      }
    }
    return cleaned + text.slice(from);
  };
}
