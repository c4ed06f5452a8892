import type { JsonObject, KubeObject } from '../../core/index.ts';
import type { FieldError } from '../../kubernetes/index.ts';
import type { UserInfo } from '../options.ts';
import type { SchemaEngineSource } from '../crd/schemas.ts';
import type { ObjectLookup } from '../types/lookup.ts';
import type { ServiceAddresses } from './service-addresses.ts';

/** The services and the request, for hooks. */
export interface WriteContext {
  readonly store: ObjectLookup;
  readonly addresses: ServiceAddresses;
  readonly schemas: SchemaEngineSource;
  readonly newUid: () => string;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** The subresource written to, or `''`. */
  readonly subresource: string;
  /** Warnings for the answer's header. */
  warn(text: string): void;
}

/** The request of a deletion, for `terminate`. */
export interface TerminateContext {
  /** The time of the request, as objects carry it. */
  readonly timestamp: string;
  readonly dryRun: boolean;
  /** The finalizers of `metadata`, with those of the garbage collector that the request asks for. */
  readonly finalizers: () => readonly string[];
}

/** An object whose parts are JSON, for reading and changing in hooks. */
export type Draft = KubeObject & { spec?: JsonObject; status?: JsonObject };

/**
 * What is particular about a kind. Hooks run in the order of a write: defaults, prepare, validate. A hook
 * that is absent does nothing.
 */
export interface Strategy {
  /** `status` is a subresource: writes to the object do not change it. */
  readonly hasStatus: boolean;
  /** A new object keeps the status that it was sent with. */
  readonly keepsStatus?: boolean;
  readonly hasGeneration: boolean;
  /** A change of this part of `metadata` counts for `generation` too. */
  readonly generationOf?: 'annotations' | 'labels';
  /** PUT of a missing object creates it. */
  readonly createOnUpdate: boolean;
  /** PUT may leave `resourceVersion` out. */
  readonly unconditionalUpdate: boolean;
  /** DELETE answers with the object instead of a Status. */
  readonly returnsDeleted: boolean;
  /** Seconds between the request to delete and the end, when the request names none; absent: at once. */
  readonly grace?: (object: KubeObject, requested: number | undefined) => number;
  /** How names must look. Default: a DNS subdomain. */
  readonly validateName?: (name: string) => readonly string[];
  readonly defaults?: (object: Draft) => void;
  readonly prepareCreate?: (object: Draft, context: WriteContext) => void;
  readonly prepareUpdate?: (object: Draft, old: KubeObject, context: WriteContext) => void;
  readonly validate?: (object: KubeObject, problems: FieldError[], context: WriteContext) => void;
  readonly validateUpdate?: (
    object: KubeObject,
    old: KubeObject,
    problems: FieldError[],
    context: WriteContext,
  ) => void;
  /** An update is checked as a new object is, its metadata included: what is wrong there is said once more. */
  readonly validatesWholeOnUpdate?: boolean;
  /** Texts for the warning header. */
  readonly warnings?: (object: KubeObject, old: KubeObject | undefined) => readonly string[];
  /** Refuses a request for reasons other than the object's content. Throws `ApiError`. */
  readonly admit?: (object: KubeObject, old: KubeObject | undefined, context: WriteContext) => void;
  /** Refuses a deletion. Throws `ApiError`. */
  readonly admitDelete?: (object: KubeObject, context: WriteContext) => void;
  /**
   * Takes the place of the usual deletion for kinds whose content goes first: changes `draft`, a copy of the object, to
   * what is stored, and says so (`store`), or that the object stays as it is (`keep`) or goes at once (`remove`).
   */
  readonly terminate?: (draft: Draft, context: TerminateContext) => 'store' | 'keep' | 'remove';
  /** Does something besides finalizers of `metadata` keep a deleted object? */
  readonly isHeld?: (object: KubeObject) => boolean;
  /** Has no dependents to speak of: a deletion asks nothing of the garbage collector. */
  readonly uncollected?: boolean;
  /** A deletion without a policy leaves dependents behind. */
  readonly orphansByDefault?: boolean;
  /** The warning for that. */
  readonly orphansWarning?: string;
  /** After the object was stored or removed. */
  readonly afterCreate?: (object: KubeObject, context: WriteContext) => void;
  readonly afterDelete?: (object: KubeObject, context: Pick<WriteContext, 'addresses'>) => void;
  /** Paths besides `status` that a write to the status subresource cannot change. */
  readonly statusResets?: readonly (readonly string[])[];
}

/** Gives what is particular about a built-in kind; `hasStatus`: discovery shows a subresource `status`. */
export type StrategySource = (group: string, plural: string, hasStatus: boolean) => Strategy;

/** A kind without particulars. */
export const plainStrategy: Strategy = {
  hasStatus: false,
  hasGeneration: false,
  createOnUpdate: false,
  unconditionalUpdate: true,
  returnsDeleted: false,
};
