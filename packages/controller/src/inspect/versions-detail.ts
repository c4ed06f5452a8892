import type { JsonObject } from '@typekro/kit/core';
import type { Conversion } from '@typekro/engine/conversion';

/** A version of the API of a definition. */
export interface VersionRow {
  readonly name: string;
  /** Is it the version that the resources read, to which all others are converted? */
  readonly hub: boolean;
  readonly served: boolean;
  /** May the API server have stored objects in this version? */
  readonly stored: boolean;
  /** The warning that clients of the version get. Absent for a version that is not deprecated. */
  readonly deprecated?: string;
  /** The OpenAPI schemas of `spec` and `status` in this version. */
  readonly schema: JsonObject;
  readonly statusSchema: JsonObject;
}

/** The versions of the API of a definition. */
export interface VersionsDetail {
  readonly rows: readonly VersionRow[];
  /** The conversions to the hub and from it: the values of fields that are not copied, and the fields that are kept. */
  readonly conversions: ReturnType<typeof Conversion.facts>;
  /** How far the objects are written again in the hub. Absent when nothing is left to do. */
  readonly migration?: {
    /** `True` is never sent; `False`: an object cannot be written. */
    readonly status: string;
    readonly message: string;
    readonly migrated: number;
    readonly total: number;
  };
}
