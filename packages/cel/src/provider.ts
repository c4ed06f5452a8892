import { firstDefined } from '@typekro/kit/core';
import type { CelType } from './types.ts';
import type { Value } from './values.ts';

/** A type provider's facts about a field. */
export interface FieldInfo {
  readonly type: CelType;
}

/** Resolves object types by name. A type is resolved at its first use, so types may be recursive. */
export interface TypeProvider {
  /** Returns the type of this name; undefined when the provider has no such type. */
  findType(name: string): CelType | undefined;
  /** Returns a field by its name in expressions (`a__dash__b`); undefined when the type has no such field. */
  findField(typeName: string, field: string): FieldInfo | undefined;
  /** The declared fields of a type, by the names that they have in expressions. */
  fieldNames(typeName: string): readonly string[];
  /**
   * Returns the function that makes a value from the fields of a literal `Name{…}`; undefined for a type without such a
   * function. A literal of a type without such a function fails when it is evaluated. If the provider does not have
   * this method, the literals of all its types fail.
   */
  construct?(typeName: string): ((fields: ReadonlyMap<string, Value>) => Value) | undefined;
}

/** A provider without types. */
export const EMPTY_PROVIDER: TypeProvider = {
  findType: () => undefined,
  findField: () => undefined,
  fieldNames: () => [],
};

/** A provider that combines several providers. Each lookup returns the result of the first provider that has one. */
export function combineProviders(...providers: readonly TypeProvider[]): TypeProvider {
  const first = <T>(lookUp: (provider: TypeProvider) => T | undefined): T | undefined =>
    firstDefined(providers, lookUp);
  return {
    findType: (name) => first((provider) => provider.findType(name)),
    findField: (typeName, field) => first((provider) => provider.findField(typeName, field)),
    construct: (typeName) => first((provider) => provider.construct?.(typeName)),
    fieldNames: (typeName) =>
      first((provider) => (provider.findType(typeName) === undefined ? undefined : provider.fieldNames(typeName))) ??
      [],
  };
}
