import { type JsonObject, type JsonValue, setOwn, isJsonObject, jsonEquals, stringifyJson } from '@typekro/kit/core';
import { MAX_DEPTH } from '../codec/json.ts';
import { copyJson } from '../types/parts.ts';

/** The error of an operation that is malformed, or that cannot be applied to the document. */
export class JsonPatchError extends Error {}

/** The error of a `test` operation that finds another value. */
export class JsonPatchTestError extends JsonPatchError {}

type Container = JsonObject | JsonValue[];

/** The error of a patch whose operations shift too many items of lists. */
export class JsonPatchLimitError extends JsonPatchError {}

/** The maximum number of operations of a patch. The callers of `applyJsonPatch` refuse longer patches. */
export const MAX_OPERATIONS = 10_000;

/** The maximum size of all values that the `copy` operations of one patch add, in characters of their JSON. */
const MAX_COPIED_CHARACTERS = 3 * 1024 * 1024;

/** The maximum number of items of lists that the insertions and removals of one patch shift, each by one place. */
const MAX_SHIFTED_ITEMS = 2_000_000_000;

/** What the operations of one patch have done so far. */
interface Work {
  /** The size of the values that `copy` operations have added, in characters of their JSON. */
  copied: number;
  shifted: number;
}

/**
 * Applies a JSON patch (RFC 6902) to a copy of the document. As in the API server, `replace` adds a missing member.
 *
 * @throws JsonPatchError when an operation is malformed or cannot be applied.
 */
export function applyJsonPatch(document: JsonValue, operations: readonly JsonValue[]): JsonValue {
  const root: JsonObject = { root: copyJson(document) };
  const work: Work = { copied: 0, shifted: 0 };
  try {
    for (const operation of operations) {
      if (!isJsonObject(operation)) throw new JsonPatchError('operation must be an object');
      applyOne(root, operation, work);
    }
    if (isDeeper(root, MAX_DEPTH + 1)) throw tooDeep();
  } catch (thrown) {
    // Moves can nest a value so deeply that a later copy overflows the stack.
    throw thrown instanceof RangeError ? tooDeep() : thrown;
  }
  return root['root'] ?? null;
}

const tooDeep = () => new JsonPatchError(`exceeded max depth of ${MAX_DEPTH}`);

/** Does the value have more than `depth` levels of objects and lists? */
function isDeeper(value: JsonValue | undefined, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  return Object.values(value).some((member: JsonValue | undefined) => isDeeper(member, depth - 1));
}

function pointer(operation: JsonObject, field: 'path' | 'from'): string[] {
  const text = operation[field];
  if (typeof text !== 'string') throw new JsonPatchError(`missing ${field}`);
  if (text === '') return ['root'];
  // As in the API server, everything before the first slash is ignored.
  const [, ...parts] = text.split('/');
  if (parts.length === 0) throw new JsonPatchError(`invalid ${field}: ${text}`);
  return ['root', ...parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))];
}

function applyOne(root: JsonObject, operation: JsonObject, work: Work) {
  const path = pointer(operation, 'path');
  if (path.length === 1 && !['replace', 'test'].includes(String(operation['op'])))
    throw new JsonPatchError('the whole document can only be replaced and tested');
  switch (operation['op']) {
    case 'add':
      return add(root, path, valueOf(operation), work);
    case 'remove':
      return void remove(root, path, work);
    case 'replace':
      return replace(root, path, valueOf(operation));
    case 'move': {
      const from = pointer(operation, 'from');
      return add(root, path, remove(root, from, work), work);
    }
    case 'copy': {
      const value = lookup(root, pointer(operation, 'from')) ?? null;
      work.copied += stringifyJson(value).length;
      if (work.copied > MAX_COPIED_CHARACTERS) {
        throw new JsonPatchError(
          `Unable to copy, the accumulated size increase of copy is ${work.copied}, exceeding the limit ${MAX_COPIED_CHARACTERS}`,
        );
      }
      return add(root, path, copyJson(value), work);
    }
    case 'test': {
      const found = lookup(root, path);
      const expected = operation['value'] ?? null;
      if (!jsonEquals(found ?? null, expected)) throw new JsonPatchTestError(`testing value ${path.join('/')} failed`);
      return;
    }
    default:
      throw new JsonPatchError(`unexpected kind: ${String(operation['op'])}`);
  }
}

function valueOf(operation: JsonObject): JsonValue {
  return copyJson(operation['value'] ?? null);
}

function parentOf(root: JsonObject, path: readonly string[]): { container: Container; key: string } {
  let value: JsonValue | undefined = root;
  for (const key of path.slice(0, -1)) value = step(value, key);
  if (!Array.isArray(value) && !isJsonObject(value)) throw new JsonPatchError(`missing path: ${path.join('/')}`);
  return { container: value, key: path.at(-1) ?? '' };
}

function step(value: JsonValue | undefined, key: string): JsonValue | undefined {
  if (Array.isArray(value)) return value[index(value.length, key, value.length - 1)];
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The index that a key names in a list of a length. `last` is the last allowed index. */
function index(length: number, key: string, last: number): number {
  if (!/^-?\d+$/.test(key)) throw new JsonPatchError(`invalid array index: ${key}`);
  const position = Number(key) < 0 ? length + Number(key) : Number(key);
  if (position < 0 || position > last) throw new JsonPatchError(`array index out of bounds: ${key}`);
  return position;
}

function lookup(root: JsonObject, path: readonly string[]): JsonValue | undefined {
  const { container, key } = parentOf(root, path);
  return step(container, key);
}

/** Notes that the items of a list from an index on are shifted. */
function noteShift({ length }: readonly JsonValue[], from: number, work: Work): number {
  work.shifted += length - from;
  if (work.shifted <= MAX_SHIFTED_ITEMS) return from;
  throw new JsonPatchLimitError(
    `the operations of the JSON patch shift items of lists more than ${MAX_SHIFTED_ITEMS} times; replace the list in one operation`,
  );
}

function add(root: JsonObject, path: readonly string[], value: JsonValue, work: Work) {
  const { container, key } = parentOf(root, path);
  if (!Array.isArray(container)) return setOwn(container, key, value);
  if (key === '-') container.push(value);
  else {
    // A negative index counts from the end that the list has after the insertion.
    const length = key.startsWith('-') ? container.length + 1 : container.length;
    container.splice(noteShift(container, index(length, key, container.length), work), 0, value);
  }
}

function replace(root: JsonObject, path: readonly string[], value: JsonValue) {
  const { container, key } = parentOf(root, path);
  if (Array.isArray(container)) container[index(container.length, key, container.length - 1)] = value;
  else setOwn(container, key, value);
}

function remove(root: JsonObject, path: readonly string[], work: Work): JsonValue {
  const { container, key } = parentOf(root, path);
  if (Array.isArray(container))
    return (
      container.splice(noteShift(container, index(container.length, key, container.length - 1), work), 1)[0] ?? null
    );
  if (!Object.hasOwn(container, key)) throw new JsonPatchError(`missing path: ${path.join('/')}`);
  const value = container[key] ?? null;
  delete container[key];
  return value;
}
