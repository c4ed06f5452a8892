import type { JsonObject, JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import { duplicateFields, JsonSyntaxError, parseStrictJson } from '../codec-json.ts';
import { decodeProtobuf, ProtobufError } from '../codec-protobuf.ts';
import { parseYaml, YamlSyntaxError } from '../codec-yaml.ts';
import type { Registry } from '../registry/registry.ts';
import type { Resource } from '../registry/resource.ts';
import { DecodeError, decodeObject } from '../types/decode.ts';
import type { ObjectNode } from '../types/node.ts';
import type { FieldValidation } from '../verbs/options.ts';
import type { ApiRequest } from './request.ts';
import { ApiError, badRequest, invalid } from './status.ts';

/** A body before it was matched with a type. */
export interface RawBody {
  readonly value: JsonValue;
  /** Paths of members that occurred twice. */
  readonly duplicates: readonly string[];
  readonly protobuf: boolean;
}

const UNSUPPORTED =
  'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf';

/** The content type without parameters, in lower case. */
export function mediaType(header: string | undefined): string {
  return (header ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

const TEXT = new TextDecoder('utf-8');

/** Reads a body by its content type. Throws 415 or 400; `kind` is the Kind that was expected. */
export function readBody(request: ApiRequest, kind: string, validation: FieldValidation): RawBody {
  const type = mediaType(request.headers['content-type']);
  const unreadable = (problem: string) => {
    const summary = request.body.length === 0 ? '<empty>' : summarise(request.body);
    return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${problem} (${summary})`);
  };
  if (type === '' || type === 'application/json') {
    const text = TEXT.decode(request.body);
    try {
      const value = parseStrictJson(text);
      return { value, duplicates: validation === 'Ignore' ? [] : duplicateFields(text, value), protobuf: false };
    } catch (thrown) {
      if (thrown instanceof JsonSyntaxError)
        throw unreadable(`couldn't get version/kind; json parse error: ${thrown.message}`);
      throw thrown;
    }
  }
  if (type === 'application/yaml') {
    try {
      return { ...parseYaml(TEXT.decode(request.body)), protobuf: false };
    } catch (thrown) {
      if (thrown instanceof YamlSyntaxError) {
        throw unreadable(
          `couldn't get version/kind; json parse error: error converting YAML to JSON: yaml: ${thrown.message}`,
        );
      }
      throw thrown;
    }
  }
  if (type === 'application/vnd.kubernetes.protobuf') {
    try {
      return { value: decodeProtobuf(request.body), duplicates: [], protobuf: true };
    } catch (thrown) {
      if (thrown instanceof ProtobufError) throw unreadable(thrown.message);
      throw thrown;
    }
  }
  throw new ApiError({ code: 415, reason: 'UnsupportedMediaType', message: UNSUPPORTED });
}

/** Short bodies as they are, longer ones cut; bytes that are no text in hexadecimal. */
function summarise(body: Buffer): string {
  const text = body.subarray(0, 30).toString('utf8');
  return body.length > 30 ? `${text} ...` : text;
}

/** The outcome of reading a body as an object of a type. */
export interface DecodedBody {
  readonly object: KubeObject;
  readonly warnings: readonly string[];
}

/** Reads a body as an object of a resource. Throws 400. */
export function decodeBody(
  request: ApiRequest,
  resource: Resource,
  registry: Registry,
  validation: FieldValidation,
): DecodedBody {
  const raw = readBody(request, resource.kind, validation);
  return decodeAs(raw, typeOf(resource), registry, validation);
}

/** A type that bodies are read as. */
export interface BodyType {
  readonly apiVersion: string;
  readonly kind: string;
  readonly version: string;
  readonly node: ObjectNode;
  readonly resource: Resource | undefined;
}

export const typeOf = (resource: Resource): BodyType => ({
  apiVersion: resource.apiVersion,
  kind: resource.kind,
  version: resource.version,
  node: resource.node,
  resource,
});

/** Matches a body with a type. */
export function decodeAs(raw: RawBody, type: BodyType, registry: Registry, validation: FieldValidation): DecodedBody {
  const { value } = raw;
  if (!isJsonObject(value)) {
    const word = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
    throw badRequest(
      `the object provided is unrecognized (must be of type ${type.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${word} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (${JSON.stringify(value).slice(0, 30)})`,
    );
  }
  const typed = checkKind(value, type, registry);
  try {
    const { value: decoded, unknown } = decodeTyped(typed, type);
    const strict = [
      ...raw.duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`),
      ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
    ];
    if (validation === 'Strict' && strict.length > 0) {
      throw badRequest(
        `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: strict decoding error: ${strict.join(', ')}`,
      );
    }
    return { object: decoded as unknown as KubeObject, warnings: validation === 'Warn' ? strict : [] };
  } catch (thrown) {
    if (!(thrown instanceof DecodeError)) throw thrown;
    throw badRequest(
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${thrown.message}`,
    );
  }
}

/** Reads a JSON object as a type; throws DecodeError. For `frozenIsTyped` see `decodeObject`. */
export function decodeTyped(
  value: JsonObject,
  type: BodyType,
  frozenIsTyped = false,
): { value: JsonObject; unknown: readonly string[] } {
  return type.resource?.custom === undefined
    ? decodeObject(type.node, value, frozenIsTyped)
    : type.resource.custom.decode(value);
}

/** Fills in what the body leaves out and refuses bodies of other types. */
function checkKind(value: JsonObject, type: BodyType, registry: Registry): JsonObject {
  const kind = value['kind'] === undefined ? '' : value['kind'];
  const apiVersion = value['apiVersion'] === undefined ? '' : value['apiVersion'];
  const wrong = typeof kind !== 'string' ? kind : typeof apiVersion !== 'string' ? apiVersion : undefined;
  if (wrong !== undefined) {
    const field = typeof kind === 'string' ? 'apiVersion' : 'kind';
    throw badRequest(
      `the object provided is unrecognized (must be of type ${type.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${Array.isArray(wrong) ? 'array' : typeof wrong} into Go struct field .${field} of type string (${JSON.stringify(value).slice(0, 30)} ...)`,
    );
  }
  if (kind === type.kind && apiVersion === type.apiVersion) return value;
  if (type.resource?.custom !== undefined) refuseCustomKind(value, String(kind), String(apiVersion), type);
  const full = {
    ...value,
    kind: kind === '' ? type.kind : kind,
    apiVersion: apiVersion === '' ? type.apiVersion : apiVersion,
  };
  if (full.kind === type.kind && full.apiVersion === type.apiVersion) return full;
  throw badRequest(wrongKind(String(full.kind), String(full.apiVersion), type, registry));
}

/** Custom resources say what they are; nothing is filled in. */
function refuseCustomKind(value: JsonObject, kind: string, apiVersion: string, type: BodyType): void {
  const text = JSON.stringify(value);
  const missing = kind === '' ? 'Kind' : apiVersion === '' ? 'apiVersion' : undefined;
  if (missing !== undefined) {
    throw badRequest(
      `the object provided is unrecognized (must be of type ${type.kind}): Object '${missing}' is missing in '${text}' (${text.length > 30 ? `${text.slice(0, 30)} ...` : text})`,
    );
  }
  if (apiVersion !== type.apiVersion && kind === type.kind) {
    const unknown = Object.keys(value).filter((key) => !['apiVersion', 'kind', 'metadata'].includes(key));
    throw new ApiError({
      code: 400,
      reason: 'BadRequest',
      message: `the API version in the data (${apiVersion}) does not match the expected API version (${type.apiVersion})`,
      warnings: unknown.sort().map((key) => `unknown field ${JSON.stringify(key)}`),
    });
  }
  if (kind === type.kind) return;
  const metadata = isJsonObject(value['metadata']) ? value['metadata'] : {};
  const name = typeof metadata['name'] === 'string' ? metadata['name'] : '';
  const problem = {
    reason: 'FieldValueInvalid' as const,
    field: 'kind',
    message: `Invalid value: ${JSON.stringify(kind)}: must be ${type.kind}`,
  };
  throw invalid(type.resource?.group ?? '', kind, name, [problem]);
}

function wrongKind(kind: string, apiVersion: string, type: BodyType, registry: Registry): string {
  const version = apiVersion.split('/').at(-1) ?? '';
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  if (type.resource?.custom !== undefined) {
    const expected = `${type.resource.group}/${type.version}, Kind=${type.kind}`;
    if (apiVersion !== type.apiVersion) {
      return `the API version in the data (${apiVersion}) does not match the expected API version (${type.apiVersion})`;
    }
    return `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${type.kind}: unrecognized kind: ${group}/${version}, Kind=${kind}, expected ${expected}`;
  }
  const known = registry.findKind(apiVersion, kind);
  const problem =
    known !== undefined && known.custom === undefined
      ? `converting (${version}.${kind}) to (${internalPackage(type)}.${type.kind}): unknown conversion`
      : `no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`;
  return `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${type.kind}: ${problem}`;
}

const internalPackage = (type: BodyType) => {
  const group = type.apiVersion.includes('/') ? (type.apiVersion.split('/')[0] ?? '') : '';
  return group === '' ? 'core' : (group.split('.')[0] ?? '');
};
