import type { KubeObject } from '../../core/index.ts';
import { throwTogether } from '../call-each.ts';
import { ApiError } from '../errors/status.ts';

/** A change of a store that has not happened yet. */
export interface Change {
  /** The version that the store has after the change. */
  readonly version: number;
  /** The object that changes. Absent for a compaction, which has a version only. */
  readonly of?: {
    readonly group: string;
    readonly plural: string;
    /** `namespace/name`, or `name` for a cluster-scoped object. */
    readonly key: string;
    /** The content after the change; `null` for a deletion. */
    readonly object: KubeObject | null;
  };
}

/** Keeps the changes of a store outside the process. */
export interface Journal {
  /**
   * Keeps a change. The store calls this method before the change, in the order of versions.
   *
   * @throws NotStored when the change cannot be kept. The change then does not happen.
   */
  keep(change: Change): void;
}

/**
 * The refusal of a change that cannot be kept. An API server whose etcd refuses a write answers with status 500,
 * without a reason, and with the text of etcd.
 */
export class NotStored extends ApiError {
  constructor(message: string, cause: unknown) {
    super({ code: 500, message });
    this.cause = cause;
  }
}

/**
 * Throws what listeners threw, except the refusals of their own changes. The change that the listeners follow has
 * already happened, and must not fail because of such a refusal. The listeners of `Store.onRecovery` make the refused
 * changes later.
 */
export function throwOthersThanNotStored(failures: readonly unknown[]): void {
  throwTogether(failures.filter((thrown) => !(thrown instanceof NotStored)));
}
