import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { tryParseStrictJson } from '../codec/json.ts';
import { parseYaml } from '../codec/yaml.ts';
import type { ApiReply } from '../protocol/request.ts';
import { copyJson } from '../types/parts.ts';

/**
 * The maximum size, in bytes, of a `Status` with a success code. A larger response with a success code is treated as an
 * object of another kind. The `Status` of an error can have any size.
 */
const MAX_STATUS_BYTES = 64 * 1024;

/**
 * Returns the object in a response, or `undefined` for a stream or plain text. Without `isShown`, only a `Status` is
 * needed, so the function also returns `undefined` for a successful response that is too large to be a `Status`.
 */
export function objectOfReply({ status, headers, body }: ApiReply, isShown: boolean): JsonValue | undefined {
  if (body === undefined) return undefined;
  const chunks = Buffer.isBuffer(body) ? [body] : body;
  const size = chunks.reduce((sum, { length }) => sum + length, 0);
  if (size === 0 || (!isShown && status < 400 && size > MAX_STATUS_BYTES)) return undefined;
  const type = String(headers['content-type'] ?? '');
  const text = () => Buffer.concat(chunks).toString('utf8');
  if (type.startsWith('application/json')) return tryParseStrictJson(text());
  return type.startsWith('application/yaml') ? parseYaml(text()).value : undefined;
}

/** Returns a copy of an object, a list or a table without `managedFields`. */
export function withoutManagedFields(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return copyJson(value);
  const { items, rows } = value;
  return {
    ...copyJson(withoutOwn(value)),
    ...(Array.isArray(items) ? { items: items.map(withoutManagedFields) } : {}),
    ...(Array.isArray(rows) ? { rows: rows.map(withoutFieldsOfRow) } : {}),
  };
}

function withoutOwn(object: JsonObject): JsonObject {
  const { metadata } = object;
  if (!isJsonObject(metadata)) return object;
  const { managedFields: _, ...others } = metadata;
  return { ...object, metadata: others };
}

const withoutFieldsOfRow = (row: JsonValue): JsonValue =>
  isJsonObject(row) && row['object'] !== undefined
    ? { ...copyJson(row), object: withoutManagedFields(row['object']) }
    : copyJson(row);
