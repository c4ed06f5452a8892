import {
  type JsonObject,
  type JsonValue,
  getOwn,
  grouped,
  isJsonObject,
  jsonEquals,
  setOwn,
  stringifyJson,
  tryParseJson,
} from '@typekro/kit/core';
import { asObject, asText, objectAt, textAt, valueAt } from '@typekro/kit/kubernetes';
import { withFieldAt } from './field-steps.ts';

/** The annotation of an object with the values that its current version cannot hold. */
export const KEPT_FIELDS_ANNOTATION = 'kro.run/kept-fields';

/** A field with its value in the version that has it; without a value when the field was absent there. */
export interface KeptField {
  readonly path: readonly string[];
  readonly value: JsonValue | undefined;
  /** Is the value too large for an annotation? The object can then be read in this version, and not written. */
  readonly isTooLarge?: true;
}

/** The kept fields of an object by the name of the version that has the fields. */
export type KeptFields = ReadonlyMap<string, readonly KeptField[]>;

const PATH = ['metadata', 'annotations', KEPT_FIELDS_ANNOTATION] as const;

/** The third member of the entry of a value that is not kept. */
const TOO_LARGE = 'too large';
/**
 * The maximum length of all annotations of an object, in bytes of UTF-8: `TotalAnnotationSizeLimitB` of Kubernetes, less
 * what controllers add after a conversion.
 */
const MAX_ANNOTATION_BYTES = 256 * 1024 - 8 * 1024;

/** Reads the annotation. Clients can edit it, so parts that have another form are ignored. */
export function keptFieldsOf(object: JsonObject): KeptFields {
  const text = textAt(object, ...PATH);
  const read = text === '' ? undefined : tryParseJson(text);
  if (!isJsonObject(read)) return new Map();
  return new Map(Object.entries(read).map(([version, entries]) => [version, readEntries(entries)]));
}

function readEntries(entries: JsonValue | undefined): KeptField[] {
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry) => {
    const [path, value, mark] = Array.isArray(entry) ? entry : [];
    const steps = asText(path).split('/');
    const isTooLarge = mark === TOO_LARGE ? { isTooLarge: true as const } : {};
    // Only fields of the spec are kept. An edited annotation therefore cannot reach the metadata.
    return steps[0] === 'spec' && steps.length > 1 ? [{ path: steps, value, ...isTooLarge }] : [];
  });
}

/**
 * The object with this annotation; without it when no field is kept. Names of fields contain no slash.
 *
 * @param mark a version that gets an entry also without fields
 */
export function withKeptFields(object: JsonObject, kept: KeptFields, mark?: string): JsonObject {
  const marked = mark === undefined || kept.has(mark) ? kept : new Map([...kept, [mark, []]]);
  const entries = [...marked].filter(([version, fields]) => fields.length > 0 || version === mark);
  const text = stringifyJson(
    Object.fromEntries(
      entries.map(([version, fields]) => [
        version,
        fields.map(({ path, value, isTooLarge }) => [
          path.join('/'),
          ...(isTooLarge === true ? [null, TOO_LARGE] : value === undefined ? [] : [value]),
        ]),
      ]),
    ),
  );
  if (entries.length > 0) return withFieldAt(object, PATH, text);
  if (valueAt(object, ...PATH) === undefined) return object;
  const without = withFieldAt(object, PATH, undefined);
  const rest = valueAt(without, 'metadata', 'annotations');
  return isJsonObject(rest) && Object.keys(rest).length === 0
    ? withFieldAt(without, ['metadata', 'annotations'], undefined)
    : without;
}

/** Are the annotations of an object too long for an API server and its controllers? */
export function hasTooLargeAnnotations(object: JsonObject): boolean {
  const annotations = Object.entries(objectAt(object, 'metadata', 'annotations'));
  const lengths = annotations.map(([key, value]) => Buffer.byteLength(key) + Buffer.byteLength(asText(value)));
  return lengths.reduce((sum, length) => sum + length, 0) > MAX_ANNOTATION_BYTES;
}

/** The fields of `original` that differ in `returned`, the same object after a conversion to another version and back. */
export function lostFields(
  original: JsonObject,
  returned: JsonObject,
  lossy: readonly (readonly string[])[],
): KeptField[] {
  return lossy
    .map((path) => ({ path, value: valueAt(original, ...path) }))
    .filter(({ path, value }) => !jsonEquals(value ?? null, valueAt(returned, ...path) ?? null));
}

/** How the client has seen the kept fields, and what it has sent. */
interface Sending {
  /** The spec that the client has sent, with defaults. */
  readonly sent: JsonValue | undefined;
  /** The spec of an object in the version of the client, with defaults; `undefined` if it has none there. */
  readonly seenAs: (candidate: JsonObject) => JsonValue | undefined;
  /** An object after a conversion to the version of the client and back. */
  readonly returned: (candidate: JsonObject) => JsonObject | undefined;
  /** Are the elements of changed lists still the same ones? */
  readonly isSame: boolean;
}

/**
 * Puts kept fields back. A field is put back only if the client would then still see what it has sent: if not, the client
 * has changed a field that is made from the kept one, and the client's value wins. Of a list or a map, those elements are
 * put back that the client has not changed.
 */
export function restoreFields(
  converted: JsonObject,
  kept: readonly KeptField[],
  { sent, seenAs, returned, isSame }: Sending,
): JsonObject {
  const without = seenAs(converted);
  const isSeen = (candidate: JsonObject): boolean => isAsNear(sent, without, seenAs(candidate));
  const restored = kept.reduce((object, { path, value }) => withFieldAt(object, path, value), converted);
  if (isSeen(restored)) return restored;
  return kept.reduce((object, { path, value }) => {
    const whole = withFieldAt(object, path, value);
    if (isSeen(whole)) return whole;
    const before = valueAt(asObject(returned(whole)), ...path);
    const merged = withUnchanged({ kept: value, before, made: valueAt(object, ...path), isSame });
    const candidate = withFieldAt(object, path, merged);
    return isSeen(candidate) ? candidate : object;
  }, converted);
}

/** A kept value, and what can be made without it, before and after the write of a client. */
interface Written {
  readonly kept: JsonValue | undefined;
  readonly before: JsonValue | undefined;
  readonly made: JsonValue | undefined;
  /** Are the elements of lists of the same length the same ones? Default: a changed element is a new one. */
  readonly isSame?: boolean;
}

/** The made value, with the kept members and elements that the client has not changed, or cannot see in its version. */
export function withUnchanged({ kept, before, made, isSame = false }: Written): JsonValue | undefined {
  if (kept !== undefined && jsonEquals(before ?? null, made ?? null)) return kept;
  if (isJsonObject(kept) && made === undefined && isJsonObject(before)) {
    // The client has removed all that it sees of the object.
    const hidden = withUnchanged({ kept, before, made: {}, isSame });
    return jsonEquals(hidden ?? null, {}) ? undefined : hidden;
  }
  if (isJsonObject(kept) && isJsonObject(made)) {
    const own = asObject(before);
    const merged: JsonObject = {};
    for (const [key, value] of Object.entries(kept))
      if (!Object.hasOwn(made, key) && !Object.hasOwn(own, key)) setOwn(merged, key, value);
    for (const [key, value] of Object.entries(made)) {
      const member = { kept: getOwn(kept, key), before: getOwn(own, key), made: value, isSame };
      setOwn(merged, key, withUnchanged(member) ?? value);
    }
    return merged;
  }
  if (!Array.isArray(kept) || !Array.isArray(before) || !Array.isArray(made)) return made;
  if (kept.length !== before.length) return made;
  if (isSame && made.length === kept.length)
    return made.map(
      (element, at) => withUnchanged({ kept: kept[at], before: before[at], made: element, isSame }) ?? element,
    );
  const left = grouped(before.keys(), (index) => stringifyJson(before[index] ?? null));
  return made.map((element, index) => {
    const places = left.get(stringifyJson(element)) ?? [];
    const place = places.includes(index) ? index : places[0];
    if (place === undefined) return element;
    places.splice(places.indexOf(place), 1);
    return kept[place] ?? element;
  });
}

/**
 * Is each field that the client would see either as it was sent, or as it would be without kept fields? Fields that the
 * other version cannot hold are never as they were sent.
 */
function isAsNear(sent: JsonValue | undefined, without: JsonValue | undefined, seen: JsonValue | undefined): boolean {
  if (jsonEquals(seen ?? null, sent ?? null) || jsonEquals(seen ?? null, without ?? null)) return true;
  if (!isJsonObject(sent) || !isJsonObject(seen)) return false;
  const other = isJsonObject(without) ? without : {};
  return Object.keys({ ...sent, ...seen, ...other }).every((key) =>
    isAsNear(getOwn(sent, key), getOwn(other, key), getOwn(seen, key)),
  );
}
