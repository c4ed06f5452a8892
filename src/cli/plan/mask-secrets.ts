import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject, stringifyJson } from '../../core/index.ts';
import { asText } from '../../kubernetes/index.ts';
import { keys } from '../../runtime/index.ts';
import type { TextForm } from './masked-values.ts';
import { hashedText, maskedTemplate, maskedText } from './masked-values.ts';

/** kubectl keeps the whole object in this annotation. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** Shorter values stand in fields of objects by chance. */
const MIN_WHOLE_LENGTH = 6;

/** Shorter values stand inside of texts by chance, and in fields that expressions read. */
const MIN_FOUND_LENGTH = 12;

/**
 * Masks what objects hold of Secrets with salted hashes:
 * - values of Secrets, and of manifests and templates of Secrets wherever they stand: in definitions, revisions, instances;
 * - these values where they stand in other fields: those of 12 and more characters anywhere, those of 6 and more as the
 *   whole value of a field of an object that an instance owns.
 *
 * Fields that name, select or order objects stay. kubectl's copy of an object is left out.
 */
export function maskSecrets(salt: string, objects: readonly KubeObject[]): (object: KubeObject) => KubeObject {
  const values = valuesOfSecrets(objects);
  const long = byBeginning(salt, values);
  return (object) => {
    const { labels = {} } = object.metadata;
    const isInput = !Object.hasOwn(labels, keys.PART_OF_LABEL) || Object.hasOwn(labels, keys.APPLYSET_ID_LABEL);
    const clean = (text: string): string => {
      const whole = isInput ? undefined : values.get(text);
      return whole === undefined ? long(text) : maskedText(salt, text, whole);
    };
    return maskedObject(salt, object, clean);
  };
}

function maskedObject(salt: string, object: KubeObject, clean: (text: string) => string): KubeObject {
  const { metadata, ...rest } = object;
  const { [LAST_APPLIED]: _last, ...annotations } = metadata.annotations ?? {};
  const cleaned = Object.entries(annotations).map(
    ([key, text]) => [key, isReserved(key) ? text : clean(text)] as const,
  );
  const body = masked(salt, rest as unknown as JsonObject, clean) as unknown as KubeObject;
  const cleanedMetadata = metadata.annotations === undefined ? {} : { annotations: Object.fromEntries(cleaned) };
  return { ...body, metadata: { ...metadata, ...cleanedMetadata } };
}

const isReserved = (key: string): boolean =>
  [...keys.RESERVED_PREFIXES, 'typekro.dev/', 'applyset.kubernetes.io/'].some((each) => key.startsWith(each));

/** Keys of texts that say which object or part is meant. */
const NAME = /^(?:apiVersion|kind|group|version|type|plural|uid|id|key|(?:.*N|n)ames?|(?:.*N|n)amespaces?)$/;

/** Keys of maps that select objects. */
const SELECTION = /^(?:labels|matchLabels|matchExpressions|(?:.*S|s)elector)$/;

/** Keys of maps of texts whose keys an author chooses. */
const FREE = /^(?:data|annotations)$/;

function masked(salt: string, value: JsonValue, clean: (text: string) => string): JsonValue {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map((item) => masked(salt, item, clean));
  if (!isJsonObject(value)) return value;
  const isSecret = value['kind'] === 'Secret';
  const members = Object.entries(value).flatMap(([key, member]): [string, JsonValue][] => {
    if (member === undefined || key === LAST_APPLIED) return [];
    if (isSecret && (key === 'data' || key === 'stringData')) return [[key, maskedData(salt, member, FORMS[key])]];
    if (FREE.test(key) && isJsonObject(member)) return [[key, maskedEntries(salt, member, clean)]];
    if (isIdentity(key, member)) return [[key, member]];
    return [[key, masked(salt, member, clean)]];
  });
  return Object.fromEntries(members);
}

/** No key of such a map says that its text names an object. */
function maskedEntries(salt: string, map: JsonObject, clean: (text: string) => string): JsonObject {
  const entries = Object.entries(map).flatMap(([key, member]): [string, JsonValue][] =>
    member === undefined || key === LAST_APPLIED ? [] : [[key, masked(salt, member, clean)]],
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

/** The values of a Secret or of a template of one. Of expressions, the literals are masked. */
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

/** Values of Secrets and literals of their templates, decoded and as they are. */
function valuesOfSecrets(objects: readonly KubeObject[]): ReadonlyMap<string, TextForm> {
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
  for (const object of objects) visit(object as unknown as JsonValue);
  return values;
}

/** Literal entries. */
const textsOf = (data: JsonValue | undefined): string[] =>
  (isJsonObject(data) ? Object.values(data) : []).map(asText).filter((text) => !text.includes('${'));

/** Besides its token such a Secret holds its namespace and the cluster's public certificate, and the token is used by nothing. */
const isServiceAccountToken = ({ type }: JsonObject): boolean => type === 'kubernetes.io/service-account-token';

/** Masks long values inside of texts. One look-up for each position of a text, whatever the number of values. */
function byBeginning(salt: string, values: ReadonlyMap<string, TextForm>): (text: string) => string {
  const found = new Map<string, string[]>();
  const sorted = [...values.keys()].filter((value) => value.length >= MIN_FOUND_LENGTH);
  for (const value of sorted.sort((a, b) => b.length - a.length)) {
    const beginning = value.slice(0, MIN_FOUND_LENGTH);
    const known = found.get(beginning);
    if (known === undefined) found.set(beginning, [value]);
    else known.push(value);
  }
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
