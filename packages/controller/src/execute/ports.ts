import type { BackoffPolicy, KubeObject } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import type { Clock, KubernetesApi } from '@typekro/kube';
import type { TargetClaims } from './target-claims.ts';
import type {
  ApplyAction,
  Decision,
  Decisions,
  FailureMask,
  ObjectTarget,
  Observations,
} from '@typekro/engine/runtime';

/** A failed write, with the number of its failures in a row. */
export interface RememberedWrite extends Observations.FailedWrite {
  readonly failures: number;
}

/** A failed read, with the number of its failures in a row. */
export interface RememberedRead extends Observations.FailedRead {
  readonly failures: number;
}

/** The rules for retries of failed writes. */
export interface WriteRules {
  /** The pauses between attempts. A `Retry-After` of the server replaces them. */
  readonly backoff: BackoffPolicy;
  /** Number of silent retries inside a pass while the server is busy, before the failure is reported. */
  readonly silentRetries: number;
  /**
   * What happens after a permanent failure of an apply or of a write of the parent. `retried`: the write is retried,
   * because rights and policies change without an event (controller). `final`: the run ends (deploy). Deletions and
   * releases are always retried.
   */
  readonly lasting: 'retried' | 'final';
}

/** Receives responses, so that the next decision knows them. Only `read` is asynchronous. */
export interface ExecutionView {
  failedWrite(target: ObjectTarget, writer?: string): RememberedWrite | undefined;
  /** Records the outcome of a write; `undefined` after a success. `writer` is as in `Observed.failedWrite`. */
  setFailedWrite(target: ObjectTarget, failed: RememberedWrite | undefined, writer?: string): void;
  /**
   * Called when the server accepted an apply. `answer` is the stored object; in a dry run, the object that the server
   * would store.
   */
  applied(action: ApplyAction, answer: KubeObject): void;
  /**
   * Called when the server accepted a deletion, or when the object no longer exists. `left` is the object while
   * finalizers delay the deletion; undefined when the object is gone.
   */
  deleted(action: Decisions.DeleteAction, left: KubeObject | undefined): void;
  /**
   * Called when the server accepted the release of a child that stays, or when the child no longer exists. `left` is
   * the object after the release; undefined when the object is gone.
   */
  orphaned(action: Decisions.OrphanAction, left: KubeObject | undefined): void;
  /**
   * Called when the server accepted the release of fields, or when the object no longer exists. `left` is the object
   * after the release; undefined when the object is gone.
   */
  released?(action: Decisions.ReleaseAction, left: KubeObject | undefined): void;
  /** Reads the requested object or list. A view with watches sends no request when a watch has the object or list. */
  read(request: Decisions.ReadRequest): Promise<void>;
  /** Does the view have the requested object or list? If so, another step is due. */
  isAnswered(request: Decisions.ReadRequest): boolean;
}

/** Observes the server's responses. No decision depends on a sink. */
export interface ExecutionSink {
  /** Called before the view receives the response, so that a sink can compare `answer` with the previous object. */
  childApplied?(action: ApplyAction, answer: KubeObject): void;
  childDeleted?(action: Decisions.DeleteAction): void;
  childOrphaned?(action: Decisions.OrphanAction): void;
}

/** The object under which children are written: the instance, or the record of a deploy. */
export interface ParentPort {
  /** The target of the instance, by which the view records its failed writes. */
  readonly target: ObjectTarget;
  /** Writes the labels, the finalizer and the inventory that the decision contains, or removes the finalizer. */
  write(parent: Decisions.ParentWrite): Promise<void>;
  /** Writes the other parts of the parent while the children are written. */
  complete?(parent: Decisions.ParentWrite): Promise<void>;
  /** Reads the parent after a conflict. Returns `changed` when the decision was made for an older version. */
  reload?(): Promise<'same' | 'changed'>;
}

/** The outcome of a write of a status. */
export type StatusOutcome = 'written' | 'decide-again';

/** The dependencies of the executor. The controller and direct mode differ in view, sink and parent. */
export interface ExecutionPorts {
  /** The client for children, with the identity of the account that the definition names. */
  readonly api: Pick<KubernetesApi, 'apply' | 'delete' | 'find' | 'patch'>;
  /** The user name of this account; undefined for the process's own identity. */
  readonly user: string | undefined;
  readonly clock: Clock;
  /** Random numbers in [0, 1) for jitter. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /**
   * `read`: the executor writes nothing. `dry-run`: the server checks the writes of children and stores nothing, and
   * the parent is not written.
   */
  readonly effects: 'write' | 'dry-run' | 'read';
  readonly rules: WriteRules;
  /** The instance of the decision. */
  readonly instance: KubeObject;
  /** The graph of the decision, which says where values of Secrets are. Absent when the graph is not known. */
  readonly graph: Graph | undefined;
  readonly parent: ParentPort;
  readonly view: ExecutionView;
  readonly sink: ExecutionSink;
  /** Orders the first writes of instances that want one object. Absent when only one instance is written. */
  readonly claims?: TargetClaims;
  /**
   * Called before the writes of a decision, also in a dry run. It is not called when the status is the only write. A
   * thrown `KubeError` counts as a failed write of the parent. Any other error ends the run.
   */
  beforeWrites?(): Promise<void>;
  /**
   * Writes the decision's status. Returns `decide-again` when the instance has changed since the decision, so that
   * another step must follow. Absent for a run that writes no status.
   */
  writeStatus?(decision: Decision): Promise<StatusOutcome>;
  /** Has the status been out of date for so long that it is written between two writes of children? Default: never. */
  isStatusOverdue?(): boolean;
}

/** The ports of one decision, with a mask that removes the values of Secrets from failures. */
export interface MaskingPorts extends ExecutionPorts {
  readonly mask: FailureMask;
}
