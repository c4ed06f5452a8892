import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { UserInfo } from '../cluster-options.ts';
import type { SchemaEngineSource } from '../crd/needs-schemas.ts';
import type { RoleContext } from '../auth/authorizer.ts';
import type { KindLookup } from '../types/lookup.ts';
import type { ServiceAddresses } from './network/service-addresses.ts';
import type { Problems } from '../errors/field-problems.ts';

/** The parts of the server and of the request that hooks use. */
export interface WriteContext extends RoleContext {
  readonly kinds: KindLookup;
  readonly addresses: ServiceAddresses;
  readonly schemas: SchemaEngineSource;
  readonly newUid: () => string;
  /**
   * Returns a new name: the prefix and five random characters. A write that runs again, for example after the response
   * of a webhook, gets the same names.
   */
  readonly generateName: (prefix: string) => string;
  /** Does the admission plugin `ServiceAccount` run? */
  readonly hasServiceAccountAdmission: boolean;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** The subresource of the write, or `''`. */
  readonly subresource: string;
  /** The time of the request, in RFC 3339 format. */
  timestamp(): string;
  /** Adds a warning to the response headers. */
  warn(text: string): void;
  /**
   * Registers a function that undoes a change outside the object, such as the allocation of an address. The function is
   * called if a later check refuses the write.
   */
  whenRefused(undo: () => void): void;
}

/** The request of a deletion, for the hook `terminate`. */
export interface TerminateContext {
  /** The time of the request, in RFC 3339 format. */
  readonly timestamp: string;
  readonly dryRun: boolean;
  /**
   * Returns the finalizers in `metadata`, and the garbage collector's finalizers for the propagation policy of the
   * request.
   */
  readonly finalizers: () => readonly string[];
}

/** An object whose specification and status are JSON that hooks may read and change. */
export type MutableObject = KubeObject & { spec?: JsonObject; status?: JsonObject };

/**
 * The rules of one kind. The hooks of a write run in this order: defaults, admitMutating (only for a new object),
 * admit, prepare, validate, admitValidating. A missing hook has no effect, except where its comment describes a
 * default.
 */
export interface Strategy {
  /** Is `status` a subresource? If so, writes to the object itself do not change `status`. */
  readonly hasStatus: boolean;
  /**
   * Subresources other than `status` whose writes change the status. The hooks decide which parts of the status these
   * writes change. Default: none.
   */
  readonly statusSubresources?: readonly string[];
  /** Does a new object keep the status that the request contains? */
  readonly keepsStatus?: boolean;
  readonly hasGeneration: boolean;
  /** The member of `metadata` whose changes increase `generation`, in addition to changes of the specification. */
  readonly generationOf?: 'annotations' | 'labels';
  /** Does PUT create a missing object? */
  readonly createOnUpdate: boolean;
  /** May PUT omit `resourceVersion`? */
  readonly unconditionalUpdate: boolean;
  /** Does DELETE return the object instead of a Status? */
  readonly returnsDeleted: boolean;
  /**
   * Returns the grace period of a deletion in seconds. `requested` is the period of the request. When the hook is
   * absent, the object is removed at once.
   */
  readonly grace?: (object: KubeObject, requested: number | undefined) => number;
  /** The problems of a name. Default: the name must be a DNS subdomain. */
  readonly validateName?: (name: string) => readonly string[];
  /**
   * May a finalizer have any name? By default, a finalizer of a built-in kind must have a domain or a standard name.
   */
  readonly hasFreeFinalizers?: boolean;
  readonly defaults?: (object: MutableObject) => void;
  readonly prepareCreate?: (object: MutableObject, context: WriteContext) => void;
  readonly prepareUpdate?: (object: MutableObject, old: KubeObject, context: WriteContext) => void;
  /** Adds the problems of a new object, or of an update of `old`. */
  readonly validate?: (object: KubeObject, problems: Problems, context: WriteContext, old?: KubeObject) => void;
  /** Adds the problems of an update. Default: `validate`. */
  readonly validateUpdate?: (object: KubeObject, old: KubeObject, problems: Problems, context: WriteContext) => void;
  /** Is an update also checked like a new object? If so, each error about the object's metadata is reported twice. */
  readonly validatesWholeOnUpdate?: boolean;
  /** Messages for the `Warning` header. */
  readonly warnings?: (object: KubeObject, old: KubeObject | undefined) => readonly string[];
  /**
   * Changes a new object as the mutating admission plugins of an API server do: before webhooks and policies, and again
   * if these have changed the object. Throws `ApiError`.
   */
  readonly admitMutating?: (object: KubeObject, context: WriteContext) => void;
  /** Refuses a request for reasons other than the object's content. Throws `ApiError`. */
  readonly admit?: (object: KubeObject, old: KubeObject | undefined, context: WriteContext) => void;
  /**
   * Refuses an object that has passed validation, as the validating admission plugins of an API server do. Throws
   * `ApiError`.
   */
  readonly admitValidating?: (object: KubeObject, old: KubeObject | undefined, context: WriteContext) => void;
  /** Refuses a deletion. Throws `ApiError`. */
  readonly admitDelete?: (object: KubeObject, context: WriteContext) => void;
  /**
   * Replaces the normal deletion for an object, such as a Namespace, whose content must be removed before the object
   * itself. The hook changes `draft`, a copy of the object. It returns `store` to store the draft, `keep` to leave the
   * object unchanged, and `remove` to remove the object at once.
   */
  readonly terminate?: (draft: MutableObject, context: TerminateContext) => 'store' | 'keep' | 'remove';
  /** Is a deleted object kept by something other than the finalizers of `metadata`? */
  readonly isHeld?: (object: KubeObject) => boolean;
  /** Is the kind one whose objects never have dependents? If so, a deletion adds no garbage collector finalizer. */
  readonly uncollected?: boolean;
  /** Does a deletion without a propagation policy orphan the dependents? */
  readonly orphansByDefault?: boolean;
  /** The warning for a deletion that orphans the dependents by default. */
  readonly orphansWarning?: string;
  /** Called after a new object is stored. `afterDelete` is called after an object is removed. */
  readonly afterCreate?: (object: KubeObject, context: WriteContext) => void;
  readonly afterDelete?: (object: KubeObject, context: Pick<WriteContext, 'addresses'>) => void;
  /**
   * Paths that a write to the status subresource cannot change, in addition to the paths for all kinds. For writes to
   * `statusSubresources`, `subresourceResets` has these paths.
   */
  readonly statusResets?: readonly (readonly string[])[];
  readonly subresourceResets?: Readonly<Record<string, readonly (readonly string[])[]>>;
}

/** The strategy of a kind that has no special rules. */
export const plainStrategy: Strategy = {
  hasStatus: false,
  hasGeneration: false,
  createOnUpdate: false,
  unconditionalUpdate: true,
  returnsDeleted: false,
};
