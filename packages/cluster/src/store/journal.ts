import type { KubeObject } from '@typekro/kit/core';
import { throwTogether } from '../call-each.ts';
import { ApiError } from '../errors/api-error.ts';

/** A change that the store is about to make. */
export interface Change {
  /** The resource version of the store after the change. */
  readonly version: number;
  /** The object that changes. Absent for a compaction, which only has a version. */
  readonly of?: {
    readonly group: string;
    readonly plural: string;
    /** `namespace/name`, or `name` for a cluster-scoped object. */
    readonly key: string;
    /** The content after the change; `null` for a deletion. */
    readonly object: KubeObject | null;
  };
}

/** Keeps, outside the process, a record of the changes of a store. */
export interface Journal {
  /**
   * Records a change. The store calls this method before each change, in the order of versions.
   *
   * @throws NotStored when the change cannot be recorded. The store then does not make the change.
   */
  keep(change: Change): void;
}

/**
 * The error for a change that the journal cannot record. As when etcd refuses a write of an API server, the status is
 * 500 without a reason, and the message is etcd's message.
 */
export class NotStored extends ApiError {
  constructor(message: string, cause: unknown) {
    super({ code: 500, message });
    this.cause = cause;
  }
}

/**
 * Throws the errors that listeners threw, except `NotStored`. The change about which the listeners were called has
 * already happened, and must not fail because a listener could not store a change of its own. The listeners of
 * `Store.onRecovery` make such changes later.
 */
export function throwOthersThanNotStored(failures: readonly unknown[]): void {
  throwTogether(failures.filter((thrown) => !(thrown instanceof NotStored)));
}
