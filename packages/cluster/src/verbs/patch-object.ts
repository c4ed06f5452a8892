import { applyMergePatch, type JsonObject, type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { goJsonKind, goQuote } from '@typekro/kit/golang';
import {
  duplicateFields,
  hasDuplicateFields,
  JsonSyntaxError,
  MAX_STRICT_PROBLEMS,
  parseStrictJson,
  toJsonText,
} from '../codec/json.ts';
import { goText } from '../fields/check.ts';
import { ApiError, badRequest, internalError, notFound } from '../errors/api-error.ts';
import { applyJsonPatch, JsonPatchError, JsonPatchLimitError, MAX_OPERATIONS } from '../patch/json-patch.ts';
import { applyStrategicPatch, StrategicFormatError, StrategicPatchError } from '../patch/strategic.ts';
import { DecodeError, decodeObject } from '../types/decode.ts';
import type { ObjectNode } from '../types/type-node.ts';
import { applyText } from './apply.ts';
import { strictTexts } from './body.ts';
import { checkName, checkPlace, unnamed } from './create.ts';
import { changeObject, checkPatchedVersion } from './update.ts';
import { type WriteResult, type WriteRequest, liveObject, redecode } from './write.ts';
import { strategyFor } from './strategy-for.ts';

/** Maps a content type to the form of the patch. */
export const PATCH_TYPES: ReadonlyMap<string, 'json' | 'merge' | 'strategic' | 'apply'> = new Map([
  ['application/json-patch+json', 'json'],
  ['application/merge-patch+json', 'merge'],
  ['application/strategic-merge-patch+json', 'strategic'],
  ['application/apply-patch+yaml', 'apply'],
]);

/** The form of a patch with this content type. Throws 415 for an unsupported content type. */
export function patchForm(contentType: string, custom: boolean): 'json' | 'merge' | 'strategic' | 'apply' {
  const form = PATCH_TYPES.get(contentType);
  if (form !== undefined && !(custom && form === 'strategic')) return form;
  if (custom) {
    const accepted = [...PATCH_TYPES.keys()].filter((type) => !type.includes('strategic')).join(', ');
    const message = `the body of the request was in an unknown format - accepted media types include: ${accepted}`;
    throw new ApiError({ code: 415, reason: 'UnsupportedMediaType', message });
  }
  throw new ApiError({
    code: 415,
    reason: 'UnsupportedMediaType',
    message: '415: Unsupported Media Type',
    details: {},
  });
}

/** The form and the text of a patch. */
export interface PatchBody {
  readonly form: 'json' | 'merge' | 'strategic' | 'apply';
  readonly text: string;
}

/** Patches an object. */
export function patchObject(write: WriteRequest, patch: PatchBody): WriteResult {
  if (patch.form === 'apply') return applyText(write, patch.text);
  const live = liveObject(write);
  if (live === undefined) throw notFound(write.resource, write.name);
  return changeObject(write, live, patched(write, live, patch), checkPatchedVersion);
}

/** Applies a JSON, merge or strategic merge patch to the live object. Returns the result, decoded as its type. */
export function patched(write: WriteRequest, live: KubeObject, patch: PatchBody): KubeObject {
  const { value, shown, problems } = applied(write.resource.node, live, patch);
  if (!isJsonObject(value))
    throw refusedPatch(
      shown(),
      `json: cannot unmarshal ${word(value)} into Go value of type v1.${write.resource.kind}`,
    );
  const typed = () => (patch.form === 'strategic' ? value : checkedType(write, value, shown));
  const { value: object, unknown } = decoded(() => redecode(write.resource, typed()), patch, shown);
  const { fieldValidation } = write.options;
  const strict = [
    ...problems,
    ...unknown
      .toSorted()
      .slice(0, MAX_STRICT_PROBLEMS)
      .map((path) => `unknown field ${goQuote(path)}`),
  ];
  if (strict.length > 0 && fieldValidation === 'Strict')
    throw refusedPatch(shown(), `strict decoding error: ${strict.join(', ')}`);
  if (fieldValidation === 'Warn') for (const each of strict) write.warnings.push(each);
  const sent = value['metadata'];
  if (isJsonObject(sent) && Array.isArray(sent['managedFields'])) object.metadata.managedFields = sent['managedFields'];
  checkName(write, object);
  checkPlace(write, object);
  strategyFor(write.resource).defaults?.(object);
  return object;
}

function checkedType(write: WriteRequest, value: JsonObject, shown: () => string): JsonObject {
  const { resource } = write;
  if (value['kind'] === resource.kind && value['apiVersion'] === resource.apiVersion) return value;
  const kind = typeof value['kind'] === 'string' ? value['kind'] : '';
  const apiVersion = typeof value['apiVersion'] === 'string' ? value['apiVersion'] : '';
  if (kind === '' || apiVersion === '') {
    if (resource.custom !== undefined)
      throw internalError(`unable to parse kind or apiVersion from the patched object`);
    // The API server decodes an object without `kind` or `apiVersion` to an empty object, and reports its missing name.
    const members = Object.keys(value).filter((key) => key !== 'kind' && key !== 'apiVersion');
    for (const key of members.toSorted()) write.warnings.push(`unknown field ${goQuote(key)}`);
    throw unnamed(write);
  }
  const problem = `no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`;
  throw resource.custom === undefined ? refusedPatch(shown(), problem) : badRequest(problem);
}

const word = (value: JsonValue) => (value === null ? 'null' : goJsonKind(value));

const refusedPatch = (shown: string, problem: string) =>
  new ApiError({
    code: 422,
    reason: 'Invalid',
    message: ` "" is invalid: patch: Invalid value: ${goQuote(shown)}: ${problem}`,
    details: {
      causes: [
        { reason: 'FieldValueInvalid', message: `Invalid value: ${goQuote(shown)}: ${problem}`, field: 'patch' },
      ],
    },
  });

const rejected = () =>
  new ApiError({
    code: 422,
    reason: 'Invalid',
    message: 'the server rejected our request due to an error in our request',
    details: {},
  });

/** The result of applying a patch. */
interface Applied {
  readonly value: JsonValue;
  /** The object that messages print: the patched object, or for a strategic merge patch the patch itself. */
  readonly shown: () => string;
  /**
   * Repeated and unknown members of the patch. With the validation `Strict`, the patch is refused; with `Warn`, the
   * problems become warnings.
   */
  readonly problems: readonly string[];
}

function applied(node: ObjectNode, before: JsonObject, patch: PatchBody): Applied {
  const prefix = patch.form === 'strategic' ? '' : 'error decoding patch: ';
  let body: JsonValue;
  try {
    body = parseStrictJson(patch.text);
  } catch (thrown) {
    if (thrown instanceof JsonSyntaxError) throw badRequest(prefix + thrown.message);
    throw thrown;
  }
  const wrong = (type: string) =>
    badRequest(`${prefix}json: cannot unmarshal ${word(body)} into Go value of type ${type}`);
  if (patch.form === 'json') {
    if (body !== null && !Array.isArray(body)) throw wrong('[]handlers.jsonPatchOp');
    return applyOperations(before, body ?? [], patch.text);
  }
  const problems = duplicateFields(patch.text, body).map((path) => `duplicate field ${goQuote(path)}`);
  if (body === null) {
    if (patch.form === 'merge') throw badRequest('Invalid JSON Patch');
    return { value: before, shown: () => 'map[]', problems };
  }
  if (!isJsonObject(body)) throw wrong('map[string]interface {}');
  if (patch.form === 'merge') {
    const value = applyMergePatch(before, body);
    return { value, shown: () => shownObject(value), problems };
  }
  try {
    return { value: applyStrategicPatch(node, before, body), shown: () => goText(body), problems };
  } catch (thrown) {
    if (thrown instanceof StrategicFormatError) throw badRequest(thrown.message);
    if (thrown instanceof StrategicPatchError) throw internalError(thrown.message);
    throw thrown;
  }
}

const OPERATION_MEMBERS = ['op', 'path', 'from', 'value'];

/** Applies JSON patch operations. `text` is the JSON of the operations. */
function applyOperations(before: JsonObject, operations: JsonValue[], text: string): Applied {
  const tooLarge = (problem: string) =>
    new ApiError({ code: 413, reason: 'RequestEntityTooLarge', message: `Request entity too large: ${problem}` });
  if (operations.length > MAX_OPERATIONS)
    throw tooLarge(`The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${operations.length}`);
  const unknown = operations.flatMap((operation, index) => {
    const unreadable = (what: string) => badRequest(`error decoding patch: json: cannot unmarshal ${what}`);
    if (operation === null) return [];
    if (!isJsonObject(operation)) throw unreadable(`${word(operation)} into Go value of type handlers.jsonPatchOp`);
    for (const key of ['op', 'path', 'from']) {
      const value = operation[key];
      if (value !== undefined && value !== null && typeof value !== 'string')
        throw unreadable(`${word(value)} into Go struct field jsonPatchOp.${key} of type string`);
    }
    return Object.keys(operation)
      .filter((key) => !OPERATION_MEMBERS.includes(key))
      .map((key) => `[${index}].${key}`);
  });
  const isStrict = unknown.length === 0 && !hasDuplicateFields(text, operations);
  const problems = isStrict ? [] : strictTexts(text, unknown).map((problem) => `json patch ${problem}`);
  try {
    const value = applyJsonPatch(before, operations);
    return { value, shown: () => shownObject(value), problems };
  } catch (thrown) {
    if (thrown instanceof JsonPatchLimitError) throw tooLarge(thrown.message);
    if (thrown instanceof JsonPatchError) throw rejected();
    throw thrown;
  }
}

/** Formats a patched object as messages print it: with its top-level members in alphabetical order. */
function shownObject(value: JsonValue): string {
  if (!isJsonObject(value)) return toJsonText(value);
  return toJsonText(
    Object.fromEntries(
      Object.keys(value)
        .sort()
        .map((key) => [key, value[key]]),
    ),
  );
}

/** Patches a virtual object, such as a Scale. Returns it decoded as its type. */
export function patchVirtual(node: ObjectNode, before: JsonObject, patch: PatchBody): JsonObject {
  const { value, shown } = applied(node, before, patch);
  if (!isJsonObject(value)) throw rejected();
  return decoded(() => decodeObject(node, value).value, patch, shown);
}

/** Runs a decoder of a patched object. Throws 422 for a value that the type does not allow. */
function decoded<T>(decode: () => T, { form }: PatchBody, shown: () => string): T {
  try {
    return decode();
  } catch (thrown) {
    if (!(thrown instanceof DecodeError)) throw thrown;
    throw refusedPatch(shown(), form === 'strategic' ? thrown.conversion : thrown.message);
  }
}
