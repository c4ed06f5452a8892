import type { CelType } from './types.ts';
import type { Value } from './values.ts';

/** A type provider's facts about a field. */
export interface FieldInfo {
  readonly type: CelType;
}

/** Resolves object types by name. A type is resolved at its first use, so types may be recursive. */
export interface TypeProvider {
  /** The type of this name; undefined when there is none. */
  findType(name: string): CelType | undefined;
  /** A field by its name in expressions (`a__dash__b`); undefined when there is none. */
  findField(typeName: string, field: string): FieldInfo | undefined;
  /** The names of the declared fields in expressions. */
  fieldNames(typeName: string): readonly string[];
  /**
   * Returns the function that makes a value from the fields of a literal `Name{…}`; undefined for a type without such a
   * function. Literals of such a type fail when they are evaluated, and so do all literals of a provider without this
   * method.
   */
  construct?(typeName: string): ((fields: ReadonlyMap<string, Value>) => Value) | undefined;
}

/** A provider without types. */
export const EMPTY_PROVIDER: TypeProvider = {
  findType: () => undefined,
  findField: () => undefined,
  fieldNames: () => [],
};

/** A provider that combines several providers. Each look-up gives the first result that a provider has. */
export function combineProviders(...providers: readonly TypeProvider[]): TypeProvider {
  const first = <T>(lookUp: (provider: TypeProvider) => T | undefined): T | undefined => {
    for (const provider of providers) {
      const found = lookUp(provider);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return {
    findType: (name) => first((provider) => provider.findType(name)),
    findField: (typeName, field) => first((provider) => provider.findField(typeName, field)),
    construct: (typeName) => first((provider) => provider.construct?.(typeName)),
    fieldNames: (typeName) =>
      first((provider) => (provider.findType(typeName) === undefined ? undefined : provider.fieldNames(typeName))) ??
      [],
  };
}
