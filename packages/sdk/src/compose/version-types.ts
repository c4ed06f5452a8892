import type { Computed, InferInput, InferSchema, SchemaInput } from './public-types.ts';
import type { ServedKind } from './served-kind.ts';

/**
 * The fields of a spec that a conversion sets. An object that both versions have may have some of its fields; the others
 * keep their values. A field that is `undefined` is left out of the converted object.
 */
export type ConvertedFields<T> = T extends readonly unknown[]
  ? Computed<T>
  : T extends object
    ? { readonly [Key in keyof T]?: ConvertedFields<T[Key]> }
    : Computed<T>;

/**
 * A version of an API beside that of `apiVersion`, which is the hub: the version that is stored and that the composition
 * reads. Both functions are translated like a composition. They get a spec and return the fields that change; a field
 * that no path through the function names keeps its value if both versions have it.
 */
export interface ApiVersion<Own extends SchemaInput> extends Pick<ServedKind, 'additionalPrinterColumns'> {
  /** The schema of the spec in this version. */
  readonly spec: Own;
  /** Do API servers serve the version? Default `true`. */
  readonly served?: boolean;
  /** Does an API server warn clients that use the version? Default `false`. */
  readonly deprecated?: boolean;
  /** The text of this warning. */
  readonly deprecationWarning?: string;
  /**
   * The fields that one of both versions cannot hold, such as `spec.port`. Their values are kept in an annotation of
   * the object.
   */
  readonly lossy?: readonly string[];
}

/** A field that a conversion sets and that the other version does not have. No value has this type. */
export interface UnknownVersionField {
  readonly 'the other version has no such field': never;
}

/** The fields of `Returned`, of which those that `Declared` does not have get a type without values. */
export type KnownFields<Declared, Returned> = Returned extends readonly unknown[]
  ? unknown
  : Returned extends object
    ? Declared extends object
      ? {
          readonly [Key in keyof Returned]?: Key extends keyof Declared
            ? KnownFields<Declared[Key], Returned[Key]>
            : UnknownVersionField;
        }
      : unknown
    : unknown;

/** The fields that a conversion to `Declared` returns. TypeScript reports an unknown or wrong one at its place. */
export type ConvertSpec<From, Declared, Returned> = (
  spec: From,
) => Returned & ConvertedFields<Declared> & KnownFields<Declared, Returned>;

/** The spec of a version. */
export type SpecOfVersion<Versions extends VersionSchemas, Name> = Name extends keyof Versions
  ? InferSchema<Versions[Name]>
  : never;

/** The member `versions` of a definition. The type parameters have one member for each version. */
export interface VersionedDefinition<Hub extends SchemaInput, Versions extends VersionSchemas, ToHub, FromHub> {
  /** The versions of the API beside that of `apiVersion`, by name. A controller needs the gate `APIVersions`. */
  readonly versions?: { readonly [Name in keyof Versions]: ApiVersion<Versions[Name]> } & {
    readonly [Name in keyof ToHub]: {
      /** Makes the fields of the hub's spec from a spec in this version. */
      readonly toHub?: ConvertSpec<SpecOfVersion<Versions, Name>, InferSchema<Hub>, ToHub[Name]>;
    };
  } & {
    readonly [Name in keyof FromHub]: {
      /** Makes the fields of a spec in this version from the hub's spec. */
      readonly fromHub?: ConvertSpec<InferSchema<Hub>, SpecOfVersion<Versions, Name>, FromHub[Name]>;
    };
  };
}

/** The schemas of the specs of versions, by the names of the versions. */
export type VersionSchemas = Readonly<Record<string, SchemaInput>>;

/** The versions of an API that has no version beside that of `apiVersion`. */
export type NoVersions = { readonly [Name in never]: SchemaInput };

/** The values that a caller passes as the spec of an instance, by the names of the versions. */
export type VersionInputs<Versions extends VersionSchemas> = {
  readonly [Name in keyof Versions]: InferInput<Versions[Name]>;
};

/** The version of the API in which a caller passes a spec. */
export interface InVersion<Name = string> {
  /** The name of the version. Default: the hub. */
  readonly version: Name;
}
