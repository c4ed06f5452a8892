import { type JsonObject, type JsonValue, formatApiVersion, parseApiVersion } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { badRequest } from '../errors/api-error.ts';
import type { Registry } from '../registry/registry.ts';
import { type RawBody, bodyOfKind, decodeAs, readTypeMeta } from './body.ts';

const META_GROUP = 'meta.k8s.io';

/** The kinds that the API server's codec of options accepts with any version. */
const UNVERSIONED_KINDS: ReadonlySet<string> = new Set([
  'APIGroup',
  'APIGroupList',
  'APIResourceList',
  'APIVersions',
  'CreateOptions',
  'Status',
  'UpdateOptions',
]);

/** The other kinds of the codec, by version. */
const VERSIONED_KINDS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    `${META_GROUP}/v1`,
    new Set([
      'GetOptions',
      'ListOptions',
      'PartialObjectMetadata',
      'PartialObjectMetadataList',
      'PatchOptions',
      'Table',
      'TableOptions',
      'WatchEvent',
    ]),
  ],
  [`${META_GROUP}/v1beta1`, new Set(['PartialObjectMetadata', 'PartialObjectMetadataList', 'Table', 'TableOptions'])],
]);

/**
 * Decodes the body of a deletion. As in an API server, `DeleteOptions` may have any `apiVersion`, because clients send
 * the version of the deleted object's group. Throws 400.
 */
export function decodeDeleteOptions(raw: RawBody, registry: Registry): JsonObject {
  const type = { ...bodyOfKind('v1', 'DeleteOptions', 'meta.v1.DeleteOptions'), unnamed: true };
  const value = checkDeleteOptionsType(raw.value ?? {}, raw.body);
  return decodeAs({ ...raw, value }, type, registry, 'Ignore').object;
}

/** Returns the options with the type that the decoder expects. Throws 400 for a value of another type. */
function checkDeleteOptionsType(body: JsonValue, bytes: Buffer): JsonObject {
  const { value, kind: named, apiVersion: given } = readTypeMeta(body, badRequest);
  const kind = named === '' ? 'DeleteOptions' : named;
  const isDefault = given === '' || given === '/' || given === `${META_GROUP}/`;
  const groupVersion = parseApiVersion(isDefault ? `${META_GROUP}/v1` : given);
  if (groupVersion.version === '') throw badRequest(`Object 'apiVersion' is missing in '${bytes.toString('utf8')}'`);
  const apiVersion = formatApiVersion(groupVersion);
  if (kind === 'DeleteOptions') return { ...value, kind, apiVersion: 'v1' };
  if (UNVERSIONED_KINDS.has(kind) || VERSIONED_KINDS.get(apiVersion)?.has(kind) === true)
    throw badRequest(`converting (v1.${kind}) to (v1.DeleteOptions): unknown conversion`);
  throw badRequest(
    `no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)} in scheme "pkg/runtime/scheme.go:111"`,
  );
}
