import type { JsonObject, KubeObject } from '../../core/index.ts';
import type { FieldError } from '../../kubernetes/index.ts';
import type { UserInfo } from '../options.ts';
import type { SchemaEngineSource } from '../crd/schemas.ts';
import type { RoleContext } from '../auth/authorizer.ts';
import type { KindLookup } from '../types/lookup.ts';
import type { ServiceAddresses } from './service-addresses.ts';

/** The parts of the server and of the request that hooks use. */
export interface WriteContext extends RoleContext {
  readonly kinds: KindLookup;
  readonly addresses: ServiceAddresses;
  readonly schemas: SchemaEngineSource;
  readonly newUid: () => string;
  /** A new name: the prefix and five random characters. A write that runs again gets the same names. */
  readonly generateName: (prefix: string) => string;
  /** Does the admission plugin `ServiceAccount` run? */
  readonly hasServiceAccountAdmission: boolean;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** The subresource of the write, or `''`. */
  readonly subresource: string;
  /** The time of the request, in the format of timestamps in objects. */
  timestamp(): string;
  /** Warnings for the answer's header. */
  warn(text: string): void;
  /**
   * Registers a step that undoes a change outside the object, such as an allocated address. The step is carried out if
   * a later check refuses the write.
   */
  whenRefused(undo: () => void): void;
}

/** The request of a deletion, for the hook `terminate`. */
export interface TerminateContext {
  /** The time of the request, in the format of timestamps in objects. */
  readonly timestamp: string;
  readonly dryRun: boolean;
  /** The finalizers of `metadata`, and the finalizers of the garbage collector that the request names. */
  readonly finalizers: () => readonly string[];
}

/** An object whose specification and status are JSON that hooks may read and change. */
export type MutableObject = KubeObject & { spec?: JsonObject; status?: JsonObject };

/**
 * The rules of one kind. The hooks of a write run in this order: defaults, admitMutating (only for a new object),
 * admit, prepare, validate, admitValidating. A missing hook does nothing, unless its description says otherwise.
 */
export interface Strategy {
  /** Is `status` a subresource? Writes to the object then do not change it. */
  readonly hasStatus: boolean;
  /**
   * Subresources besides `status` that change the status. The hooks decide which parts of the status they change.
   * Default: none.
   */
  readonly statusSubresources?: readonly string[];
  /** Does a new object keep the status of its request? */
  readonly keepsStatus?: boolean;
  readonly hasGeneration: boolean;
  /** The part of `metadata` whose change increases `generation`, in addition to the specification. */
  readonly generationOf?: 'annotations' | 'labels';
  /** Does PUT create a missing object? */
  readonly createOnUpdate: boolean;
  /** May PUT leave `resourceVersion` out? */
  readonly unconditionalUpdate: boolean;
  /** Does DELETE answer with the object instead of a Status? */
  readonly returnsDeleted: boolean;
  /**
   * Returns the grace period of a deletion in seconds. `requested` is the period of the request. When the hook is
   * absent, the object is removed at once.
   */
  readonly grace?: (object: KubeObject, requested: number | undefined) => number;
  /** The problems of a name. Default: the name must be a DNS subdomain. */
  readonly validateName?: (name: string) => readonly string[];
  /** May a finalizer have any name? By default, the finalizers of built-in kinds have a domain or a standard name. */
  readonly hasFreeFinalizers?: boolean;
  readonly defaults?: (object: MutableObject) => void;
  readonly prepareCreate?: (object: MutableObject, context: WriteContext) => void;
  readonly prepareUpdate?: (object: MutableObject, old: KubeObject, context: WriteContext) => void;
  readonly validate?: (object: KubeObject, problems: FieldError[], context: WriteContext) => void;
  readonly validateUpdate?: (
    object: KubeObject,
    old: KubeObject,
    problems: FieldError[],
    context: WriteContext,
  ) => void;
  /** Is an update checked like a new object, too? Each error of its metadata is then reported one more time. */
  readonly validatesWholeOnUpdate?: boolean;
  /** Texts for the warning header. */
  readonly warnings?: (object: KubeObject, old: KubeObject | undefined) => readonly string[];
  /**
   * Changes a new object as the mutating admission plugins of an API server do: before webhooks and policies, and again
   * after these have changed it. Throws `ApiError`.
   */
  readonly admitMutating?: (object: KubeObject, context: WriteContext) => void;
  /** Refuses a request for reasons other than the object's content. Throws `ApiError`. */
  readonly admit?: (object: KubeObject, old: KubeObject | undefined, context: WriteContext) => void;
  /** Refuses a checked object as the validating admission plugins of an API server do. Throws `ApiError`. */
  readonly admitValidating?: (object: KubeObject, old: KubeObject | undefined, context: WriteContext) => void;
  /** Refuses a deletion. Throws `ApiError`. */
  readonly admitDelete?: (object: KubeObject, context: WriteContext) => void;
  /**
   * Replaces the usual deletion, for kinds whose content must be removed before the object. The hook changes `draft`, a
   * copy of the object. It returns `store` to store the draft, `keep` to leave the object unchanged, and `remove` to
   * remove the object at once.
   */
  readonly terminate?: (draft: MutableObject, context: TerminateContext) => 'store' | 'keep' | 'remove';
  /** Is a deleted object kept by something other than the finalizers of `metadata`? */
  readonly isHeld?: (object: KubeObject) => boolean;
  /** Can the objects of the kind have no dependents? A deletion then adds no finalizer of the garbage collector. */
  readonly uncollected?: boolean;
  /** Does a deletion without a policy orphan the dependents? */
  readonly orphansByDefault?: boolean;
  /** The warning for a deletion that orphans the dependents by default. */
  readonly orphansWarning?: string;
  /** Called after the object is stored. `afterDelete` is called after it is removed. */
  readonly afterCreate?: (object: KubeObject, context: WriteContext) => void;
  readonly afterDelete?: (object: KubeObject, context: Pick<WriteContext, 'addresses'>) => void;
  /**
   * Paths that a write to the status subresource cannot change, in addition to those of all kinds. A write to another
   * subresource of `statusSubresources` has the paths of `subresourceResets`.
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
