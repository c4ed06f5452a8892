import { getOwn, withGroup } from '@typekro/kit/core';
/**
 * The descriptions of built-in kinds, types and fields: the content of `descriptions.json`, which is written for this
 * package. The hover texts of the factories show these descriptions, and so does `kubectl explain` against the embedded
 * cluster.
 */
export interface BuiltinDescriptions {
  /** Maps `Kind.group` (`Kind` for the core group) to the purpose of the kind. */
  readonly kinds: Readonly<Record<string, string>>;
  /** Maps a field name to a description. It applies to all types whose entry in `types` does not describe the field. */
  readonly fields: Readonly<Record<string, string>>;
  /**
   * Maps the name of a type in `types.json` to the descriptions of its fields. The empty field name describes the type
   * itself.
   */
  readonly types: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The purpose of a kind, or `undefined` for a kind without a description. */
export function describeBuiltinKind(from: BuiltinDescriptions, kind: string, group: string): string | undefined {
  return getOwn(from.kinds, withGroup(kind, group));
}

/**
 * The description of a type; if it has none, the description of its first kind. `gvk` is the member `gvk` of the type
 * in `types.json`.
 */
export function describeBuiltinType(
  from: BuiltinDescriptions,
  type: string,
  gvk: readonly (readonly [string, string, string])[] = [],
): string | undefined {
  const [group = '', , kind = ''] = gvk[0] ?? [];
  return getOwn(getOwn(from.types, type), '') ?? describeBuiltinKind(from, kind, group);
}

/** The description of a field of a type, or `undefined` for an unknown field. */
export function describeField(from: BuiltinDescriptions, type: string, field: string): string | undefined {
  return getOwn(getOwn(from.types, type), field) ?? getOwn(from.fields, field);
}

/** The descriptions of built-in kinds and their fields. */
export const BuiltinDescriptions = { ofKind: describeBuiltinKind, ofType: describeBuiltinType, ofField: describeField };
