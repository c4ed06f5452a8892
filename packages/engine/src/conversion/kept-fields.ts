import {
  type JsonObject,
  type JsonValue,
  getOwn,
  isJsonObject,
  jsonEquals,
  stringifyJson,
  tryParseJson,
} from '@typekro/kit/core';
import { asText, textAt, valueAt } from '@typekro/kit/kubernetes';
import { withFieldAt } from './field-steps.ts';

/** The annotation of an object with the values that its current version cannot hold. */
export const KEPT_FIELDS_ANNOTATION = 'kro.run/kept-fields';

/** A field with its value in the version that has it; without a value when the field was absent there. */
export interface KeptField {
  readonly path: readonly string[];
  readonly value: JsonValue | undefined;
}

/** The kept fields of an object by the name of the version that has the fields. */
export type KeptFields = ReadonlyMap<string, readonly KeptField[]>;

const PATH = ['metadata', 'annotations', KEPT_FIELDS_ANNOTATION] as const;

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
    const [path, value] = Array.isArray(entry) ? entry : [];
    const steps = asText(path).split('/');
    // Only fields of the spec are kept. An edited annotation therefore cannot reach the metadata.
    return steps[0] === 'spec' && steps.length > 1 ? [{ path: steps, value }] : [];
  });
}

/** The object with this annotation; without it when no field is kept. Names of fields contain no slash. */
export function withKeptFields(object: JsonObject, kept: KeptFields): JsonObject {
  const entries = [...kept].filter(([, fields]) => fields.length > 0);
  const text = stringifyJson(
    Object.fromEntries(
      entries.map(([version, fields]) => [
        version,
        fields.map(({ path, value }) => (value === undefined ? [path.join('/')] : [path.join('/'), value])),
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

/**
 * Puts kept fields back. A field is put back only if the client would then still see what it has sent: if not, the client
 * has changed a field that is made from the kept one, and the client's value wins.
 *
 * @param sent the spec that the client has sent, with defaults.
 * @param seenAs the spec of an object in the version of the client, with defaults; `undefined` if it has none there.
 */
export function restoreFields(
  converted: JsonObject,
  kept: readonly KeptField[],
  sent: JsonValue | undefined,
  seenAs: (candidate: JsonObject) => JsonValue | undefined,
): JsonObject {
  const without = seenAs(converted);
  const isSeen = (candidate: JsonObject): boolean => isAsNear(sent, without, seenAs(candidate));
  const restored = kept.reduce((object, { path, value }) => withFieldAt(object, path, value), converted);
  if (isSeen(restored)) return restored;
  return kept.reduce((object, { path, value }) => {
    const candidate = withFieldAt(object, path, value);
    return isSeen(candidate) ? candidate : object;
  }, converted);
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
