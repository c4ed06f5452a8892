/**
 * What the built-in kinds, types and fields mean: the content of `descriptions.json`, written for this package. Hover
 * texts of the factories and `kubectl explain` against the embedded cluster show it.
 */
export interface BuiltinDescriptions {
  /** What a kind is for, by `Kind.group` (`Kind` for the core group). */
  readonly kinds: Readonly<Record<string, string>>;
  /** What a field of this name means wherever `types` does not say otherwise. */
  readonly fields: Readonly<Record<string, string>>;
  /** By the name of a type as in `types.json`: its fields, and the type itself under the empty name. */
  readonly types: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined;
}

/** What a kind is for, or `undefined` for a kind without a description. */
export function describeBuiltinKind(from: BuiltinDescriptions, kind: string, group: string): string | undefined {
  return own(from.kinds, group === '' ? kind : `${kind}.${group}`);
}

/** What a type is: its own description, else that of its first kind. `gvk` is the member of `types.json`. */
export function describeBuiltinType(
  from: BuiltinDescriptions,
  type: string,
  gvk: readonly (readonly [string, string, string])[] = [],
): string | undefined {
  const [group = '', , kind = ''] = gvk[0] ?? [];
  return own(own(from.types, type), '') ?? describeBuiltinKind(from, kind, group);
}

/** What a field of a type means, or `undefined` for an unknown field. */
export function describeField(from: BuiltinDescriptions, type: string, field: string): string | undefined {
  return own(own(from.types, type), field) ?? own(from.fields, field);
}
