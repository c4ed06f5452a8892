import { type JsonObject, type JsonValue, type KubeObject, isJsonObject, parseApiVersion } from '@typekro/kit/core';
import { goJsonKind, goQuote } from '@typekro/kit/golang';
import {
  duplicateFields,
  JsonRangeError,
  JsonSyntaxError,
  MAX_STRICT_PROBLEMS,
  parseStrictJson,
  walkMembers,
} from '../codec/json.ts';
import { type BuiltinTypes, builtinType, builtinTypesOf } from '../types/builtin.ts';
import { decodeProtobuf, ProtobufError } from '../types/protobuf.ts';
import { parseYaml, repeatedKeys, YamlSyntaxError } from '../codec/yaml.ts';
import type { Registry } from '../registry/registry.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { DecodeError, decodeObject } from '../types/decode.ts';
import type { ObjectNode } from '../types/type-node.ts';
import type { FieldValidation } from './request-options.ts';
import type { ApiRequest } from '../protocol/request.ts';
import { ApiError, badRequest, invalid } from '../errors/api-error.ts';

/** A parsed body without a type. */
export interface RawBody {
  readonly value: JsonValue;
  /** The messages for members that occur more than once, for warnings and errors. */
  readonly duplicates: readonly string[];
  /** Is the body YAML? If so, a strict request gets one error for all repeated keys. */
  readonly yaml: boolean;
  readonly protobuf: boolean;
  /** The bytes of the body. Errors quote them. */
  readonly body: Buffer;
}

const UNSUPPORTED =
  'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf';

/** The content type without parameters, in lower case. */
export function mediaType(header: string | undefined): string {
  return (header ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** A byte order mark is not removed: JSON must not begin with it, and the YAML parser skips it. */
const TEXT = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Parses a body by its content type. `kind` is the expected kind; with `''`, errors do not name a kind. `types` are the
 * types for a protobuf body (default: the types of the latest version). Throws 400 for a malformed body, and 415 for an
 * unknown content type.
 */
export function readBody(
  request: ApiRequest,
  kind: string,
  validation: FieldValidation,
  types?: BuiltinTypes,
): RawBody {
  const read = parseBody(request, kind, validation, types);
  // A body without an expected kind contains options, so the audit event takes no name and no uid from it.
  request.audit?.requestBody(read.value, kind !== '');
  return read;
}

function parseBody(
  request: ApiRequest,
  kind: string,
  validation: FieldValidation,
  types: BuiltinTypes | undefined,
): RawBody {
  const type = mediaType(request.headers['content-type']);
  const { body } = request;
  const unreadable = (problem: string) => {
    return badRequest(kind === '' ? problem : unrecognized(kind, problem, body));
  };
  if (type === '' || type === 'application/json') {
    const text = TEXT.decode(body);
    try {
      const value = parseStrictJson(text);
      const duplicates = validation === 'Ignore' ? [] : duplicateFields(text, value);
      return { value, duplicates: duplicates.map(duplicated), yaml: false, protobuf: false, body };
    } catch (thrown) {
      if (thrown instanceof JsonRangeError) throw unreadable(thrown.message);
      if (thrown instanceof JsonSyntaxError)
        throw unreadable(`couldn't get version/kind; json parse error: ${thrown.message}`);
      throw thrown;
    }
  }
  if (type === 'application/yaml') {
    try {
      return { ...parseYaml(TEXT.decode(body)), yaml: true, protobuf: false, body };
    } catch (thrown) {
      if (thrown instanceof YamlSyntaxError) throw unreadable(thrown.goText);
      throw thrown;
    }
  }
  if (type === 'application/vnd.kubernetes.protobuf') {
    try {
      return { value: decodeProtobuf(body, types), duplicates: [], yaml: false, protobuf: true, body };
    } catch (thrown) {
      if (thrown instanceof ProtobufError) throw unreadable(thrown.message);
      throw thrown;
    }
  }
  throw new ApiError({ code: 415, reason: 'UnsupportedMediaType', message: UNSUPPORTED });
}

const unknownField = (path: string) => `unknown field ${goQuote(path)}`;
const duplicated = (path: string) => `duplicate field ${goQuote(path)}`;

const unrecognized = (kind: string, problem: string, body: Buffer) =>
  `the object provided is unrecognized (must be of type ${kind}): ${problem} (${summarise(body)})`;

/** The first 30 bytes of a body for a message; in hexadecimal if the body does not begin with `{`. */
function summarise(body: Buffer): string {
  if (body.length === 0) return '<empty>';
  const text = body.subarray(0, 30).toString(body[0] === 0x7b ? 'utf8' : 'hex');
  return body.length > 30 ? `${text} ...` : text;
}

/** The decoded object of a body, and warnings about the body. */
export interface DecodedBody {
  readonly object: KubeObject;
  readonly warnings: readonly string[];
}

/**
 * Decodes a body as an object of a resource. Throws 400 for a malformed body, 415 for an unknown content type, and 422
 * for a custom resource of another kind.
 */
export function decodeBody(
  request: ApiRequest,
  resource: ServedResource,
  registry: Registry,
  validation: FieldValidation,
): DecodedBody {
  const raw = readBody(request, resource.kind, validation, builtinTypesOf(registry.release));
  return decodeAs(raw, bodyTypeOf(resource), registry, validation);
}

/** The expected type of a body. */
export interface BodyType {
  readonly apiVersion: string;
  readonly kind: string;
  readonly version: string;
  readonly node: ObjectNode;
  readonly resource: ServedResource | undefined;
  /** Do the messages of decoding errors leave out the name of the type? */
  readonly unnamed?: boolean;
}

/** The type of a body of a built-in kind of version v1 that is not stored, such as `Eviction`. */
export function bodyOfKind(apiVersion: string, kind: string, type: string): BodyType {
  return { apiVersion, kind, version: 'v1', node: builtinType(type), resource: undefined };
}

export const bodyTypeOf = (resource: ServedResource): BodyType => ({
  apiVersion: resource.apiVersion,
  kind: resource.kind,
  version: resource.version,
  node: resource.node,
  resource,
});

/**
 * Decodes a parsed body as an object of a type. Throws 422 for a custom resource of another kind, and 400 for any other
 * body that the type does not allow.
 */
export function decodeAs(raw: RawBody, type: BodyType, registry: Registry, validation: FieldValidation): DecodedBody {
  // A body that is null, such as empty YAML, counts as an object without members.
  const value = raw.value ?? {};
  const typed = checkKind(value, raw, type, registry);
  const refused = (problem: string) =>
    badRequest(type.unnamed === true ? problem : cannotHandle(type.kind, type.version, type, problem));
  try {
    const { value: decoded, unknown } = decodeTyped(typed, type);
    const problems = strictProblems(raw, typed, unknown, type);
    if (validation === 'Strict' && problems.length > 0) {
      const texts =
        raw.yaml && raw.duplicates.length > 0
          ? [repeatedKeys(raw.duplicates), ...problems.slice(raw.duplicates.length)]
          : problems;
      throw refused(`strict decoding error: ${texts.join(', ')}`);
    }
    return { object: decoded as KubeObject, warnings: validation === 'Warn' ? problems : [] };
  } catch (thrown) {
    if (thrown instanceof DecodeError) throw refused(thrown.message);
    throw thrown;
  }
}

const cannotHandle = (kind: string, version: string, type: BodyType, problem: string) =>
  `${kind} in version ${goQuote(version)} cannot be handled as a ${type.kind}: ${problem}`;

/**
 * The messages for repeated members and unknown fields. For a built-in type in JSON, they are in the order of the
 * document. For YAML and for a custom resource, the repeated keys come first, because an earlier step of the API server
 * finds them.
 */
function strictProblems(
  raw: RawBody,
  typed: JsonObject,
  unknown: readonly string[],
  type: BodyType,
): readonly string[] {
  const builtin = type.resource?.custom === undefined;
  if (builtin && !raw.yaml && raw.duplicates.length > 0 && unknown.length > 0)
    return strictTexts(TEXT.decode(raw.body), unknown);
  // As in an API server, the decoder of built-in types stops listing fields at a limit.
  const listed = builtin ? inOrderOf(typed, unknown).slice(0, MAX_STRICT_PROBLEMS) : unknown;
  return [...raw.duplicates, ...listed.map(unknownField)];
}

/** The messages for repeated members and unknown fields of a JSON document, in the order of the document. */
export function strictTexts(text: string, unknown: readonly string[]): readonly string[] {
  const unknownPaths = new Set(unknown);
  const problems = new Set<string>();
  walkMembers(text, (path, isRepeated) => {
    if (unknownPaths.has(path)) problems.add(unknownField(path));
    else if (isRepeated) problems.add(duplicated(path));
    return problems.size < MAX_STRICT_PROBLEMS && !unknownPaths.has(path);
  });
  for (const path of unknown) problems.add(unknownField(path));
  return [...problems].slice(0, MAX_STRICT_PROBLEMS);
}

/** Sorts paths in the order of the document. */
function inOrderOf(document: JsonObject, paths: readonly string[]): readonly string[] {
  if (paths.length < 2) return paths;
  const wanted = new Set(paths);
  const found: string[] = [];
  const visit = (value: JsonValue | undefined, at: string) => {
    if (wanted.delete(at)) found.push(at);
    if (Array.isArray(value)) for (const [index, entry] of value.entries()) visit(entry, `${at}[${index}]`);
    else if (isJsonObject(value))
      for (const [key, entry] of Object.entries(value)) visit(entry, at === '' ? key : `${at}.${key}`);
  };
  visit(document, '');
  return [...found, ...wanted];
}

/**
 * Decodes a JSON object as a type. Throws DecodeError for a value that its type does not allow. For `frozenIsTyped`,
 * see `decodeObject`.
 */
export function decodeTyped(
  value: JsonObject,
  type: BodyType,
  frozenIsTyped = false,
): { value: JsonObject; unknown: readonly string[] } {
  return type.resource?.custom === undefined
    ? decodeObject(type.node, value, frozenIsTyped)
    : type.resource.custom.decode(value);
}

const TYPE_META =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';

/**
 * Returns the body with its `kind` and `apiVersion`, which are empty when they are missing. `refuse` makes the error for
 * a body without a readable type.
 */
export function readTypeMeta(
  value: JsonValue,
  refuse: (problem: string) => Error,
): { readonly value: JsonObject; readonly kind: string; readonly apiVersion: string } {
  const mismatch = (wrong: JsonValue, target: string) =>
    refuse(
      `couldn't get version/kind; json parse error: json: cannot unmarshal ${goJsonKind(wrong)} into Go ${target}`,
    );
  if (!isJsonObject(value)) throw mismatch(value, `value of type ${TYPE_META}`);
  const kind = value['kind'] ?? '';
  const apiVersion = value['apiVersion'] ?? '';
  if (typeof kind !== 'string') throw mismatch(kind, 'struct field .kind of type string');
  if (typeof apiVersion !== 'string') throw mismatch(apiVersion, 'struct field .apiVersion of type string');
  if (apiVersion.split('/').length > 2) throw refuse(`unexpected GroupVersion string: ${apiVersion}`);
  return { value, kind, apiVersion };
}

/**
 * Adds a missing `kind` and `apiVersion` to the body of a built-in type. Refuses a body of another type, and a custom
 * resource that does not name its type.
 */
function checkKind(decoded: JsonValue, { body }: RawBody, type: BodyType, registry: Registry): JsonObject {
  const unreadable = (problem: string) => badRequest(unrecognized(type.kind, problem, body));
  const { value, kind, apiVersion } = readTypeMeta(decoded, unreadable);
  if (kind === type.kind && apiVersion === type.apiVersion) return value;
  if (type.resource?.custom !== undefined) refuseCustomKind(value, body, kind, apiVersion, type);
  const full = { ...value, kind: kind || type.kind, apiVersion: apiVersion || type.apiVersion };
  if (full.kind === type.kind && full.apiVersion === type.apiVersion) return full;
  throw badRequest(wrongKind(full, type, registry));
}

/** Refuses a custom resource that is of another type or does not name its type. */
function refuseCustomKind(value: JsonObject, body: Buffer, kind: string, apiVersion: string, type: BodyType): never {
  const missing = kind === '' ? 'Kind' : apiVersion === '' ? 'apiVersion' : undefined;
  if (missing !== undefined)
    throw badRequest(unrecognized(type.kind, `Object '${missing}' is missing in '${body.toString('utf8')}'`, body));
  if (kind === type.kind) {
    // A version that is not served has no type, so all members count as unknown fields.
    const { group } = parseApiVersion(apiVersion);
    const isUnknownVersion = group === type.resource?.group && type.resource.inVersion(apiVersion) === undefined;
    const unknown = Object.keys(value).filter((key) => !['apiVersion', 'kind', 'metadata'].includes(key));
    throw new ApiError({
      code: 400,
      reason: 'BadRequest',
      message: `the API version in the data (${apiVersion}) does not match the expected API version (${type.apiVersion})`,
      warnings: isUnknownVersion ? unknown.sort().map((key) => `unknown field ${goQuote(key)}`) : [],
    });
  }
  const metadata = isJsonObject(value['metadata']) ? value['metadata'] : {};
  const name = typeof metadata['name'] === 'string' ? metadata['name'] : '';
  const problem = {
    reason: 'FieldValueInvalid' as const,
    field: 'kind',
    message: `Invalid value: ${goQuote(kind)}: must be ${type.kind}`,
  };
  throw invalid(type.resource?.group ?? '', kind, name, [problem]);
}

function wrongKind(
  value: JsonObject & { kind: string; apiVersion: string },
  type: BodyType,
  registry: Registry,
): string {
  const { kind, apiVersion } = value;
  const version = apiVersion.split('/').at(-1) ?? '';
  const problem = notOfType(value, version, type, registry);
  return cannotHandle(kind, version, type, problem);
}

/** Kinds that exist in every version of every group. */
const META_KINDS = new Set(['List', 'Status', 'DeleteOptions', 'CreateOptions', 'UpdateOptions', 'PatchOptions']);

/**
 * The error for a body that names another kind than `type`. The body is first decoded as the kind that it names,
 * because an error of this decoding takes precedence in the API server.
 */
function notOfType(
  value: JsonObject & { kind: string; apiVersion: string },
  version: string,
  type: BodyType,
  registry: Registry,
): string {
  const { kind, apiVersion } = value;
  const found = registry.findKind(apiVersion, kind) ?? registry.findKind(apiVersion, kind.replace(/List$/, ''));
  const known = found?.custom === undefined ? found : undefined;
  const { group, version: served } = parseApiVersion(apiVersion);
  if (known === undefined && !(META_KINDS.has(kind) && registry.hasVersion(group, served)))
    return `no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`;
  try {
    if (known?.kind === kind) decodeObject(known.node, value);
  } catch (thrown) {
    if (thrown instanceof DecodeError) return thrown.message;
    throw thrown;
  }
  return `converting (${version}.${kind}) to (${internalPackage(type)}.${type.kind}): unknown conversion`;
}

const internalPackage = (type: BodyType) => {
  const group = type.apiVersion.includes('/') ? (type.apiVersion.split('/')[0] ?? '') : '';
  return group === '' ? 'core' : (group.split('.')[0] ?? '');
};
