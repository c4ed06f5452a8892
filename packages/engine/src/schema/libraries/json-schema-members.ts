import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';
import { asList } from '@typekro/kit/kubernetes';

/** The member with which the readers of schema libraries mark a part that has no form in JSON Schema. */
export const UNSUPPORTED = 'x-typekro-unsupported';
/** The member of a part that is refused: an object with the code, the message and the hint of the error. */
export const REFUSED = 'x-typekro-refused';
/** The member with the positions of the checks that the author of a library's type wrote as functions. */
export const CHECKS = 'x-typekro-checks';
/** The member that marks a string that the library changes, for example with `trim()`. */
export const TRANSFORMED = 'x-typekro-transformed';
/** The member that marks an object whose library drops or refuses undeclared members. */
export const CLOSED = 'x-typekro-closed';
/** The member that has a list of warnings about a part. */
export const NOTES = 'x-typekro-notes';
/** The member that marks the value `undefined`, which JSON Schema cannot express. */
export const ABSENT = 'x-typekro-absent';

/** Keywords of JSON Schema and OpenAPI that do not restrict values. */
export const ANNOTATIONS: readonly string[] = [
  '$anchor',
  '$comment',
  '$defs',
  '$id',
  '$schema',
  'contentMediaType',
  'default',
  'definitions',
  'deprecated',
  'description',
  'discriminator',
  'example',
  'examples',
  'externalDocs',
  'readOnly',
  'title',
  'writeOnly',
  'xml',
];

/** Keywords that restrict values but cannot be expressed in a structural schema. */
export const IGNORED = [
  'not',
  'if',
  'contains',
  'dependentRequired',
  'dependentSchemas',
  'dependencies',
  'unevaluatedItems',
] as const;

export const isEmpty = (value: JsonValue | undefined): boolean =>
  isJsonObject(value) && Object.keys(value).length === 0;

/** Does an alternative only state which fields are required? */
export const onlyRequires = (entry: JsonObject): boolean =>
  Object.keys(entry).every((name) => name === 'required' || name === 'type' || ANNOTATIONS.includes(name));

/** The types that the keyword `type` lists. */
export const typesOf = (type: JsonValue | undefined): readonly JsonValue[] =>
  typeof type === 'string' ? [type] : asList(type);

/** Does a schema refuse the value null by its own type or constants? */
export function refusesNull({ nullable, type, enum: allowed, const: constant }: JsonObject): boolean {
  if (nullable === true) return false;
  const types = typesOf(type);
  if (types.length > 0 && !types.includes('null')) return true;
  return (Array.isArray(allowed) && !allowed.includes(null)) || (constant !== undefined && constant !== null);
}

/** Does a schema restrict non-null values? Extensions of other programs do not count as restrictions. */
export const restricts = (raw: JsonObject): boolean => Object.keys(raw).some(isRestriction);

const isRestriction = (name: string): boolean =>
  name !== 'nullable' && !ANNOTATIONS.includes(name) && (!name.startsWith('x-') || name.startsWith('x-kubernetes-'));

/**
 * The keywords next to `anyOf` or `oneOf` that restrict all alternatives. `format` is not among them: the format is
 * read together with the alternatives.
 */
export function restrictionsBeside(raw: JsonObject): JsonObject {
  if (Array.isArray(raw['type'])) return {};
  const rest = Object.entries(raw).filter(([name]) => isRestriction(name) && !NOT_COMMON.has(name));
  return Object.fromEntries(rest);
}

const NOT_COMMON: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'format', ...IGNORED]);
