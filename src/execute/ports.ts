import type { BackoffPolicy, KubeObject } from '../core/index.ts';
import type { Clock, DeleteOptions, KubernetesApi } from '../kube/index.ts';
import type {
  ApplyAction,
  Decision,
  DeleteAction,
  FailedRead,
  FailedWrite,
  ObjectTarget,
  ParentWrite,
  ReadRequest,
} from '../runtime/index.ts';

/** A write that failed, and how often in a row. */
export interface RememberedWrite extends FailedWrite {
  readonly failures: number;
}

/** A read that failed, and how often in a row. */
export interface RememberedRead extends FailedRead {
  readonly failures: number;
}

/** The rules for retries of failed writes. */
export interface WriteRules {
  /** The pauses between attempts. A `Retry-After` of the server replaces them. */
  readonly backoff: BackoffPolicy;
  /** Number of silent retries inside a pass while the server is busy, before the failure is reported. */
  readonly silentRetries: number;
  /**
   * The treatment of a lasting failure: a controller retries it, since rights and policies change without an event; a
   * deploy ends with it.
   */
  readonly lasting: 'retried' | 'final';
}

/** Takes in answers, so that the next decision knows them. All but `read` is synchronous. */
export interface ExecutionView {
  failedWrite(target: ObjectTarget): RememberedWrite | undefined;
  /** `undefined`: the last write succeeded. */
  setFailedWrite(target: ObjectTarget, failed: RememberedWrite | undefined): void;
  /** The server accepted an apply and stores (in a dry run: would store) this object. */
  applied(action: ApplyAction, answer: KubeObject): void;
  /** The server accepted a deletion. `left` is the object that finalizers keep; absent when the object is gone. */
  deleted(action: DeleteAction, left: KubeObject | undefined): void;
  /** Reads what a decision asks for. A view fed by watches skips what these bring. */
  read(request: ReadRequest): Promise<void>;
  /** Does the view now hold what the decision lacked, so that another step sees more? */
  isAnswered(request: ReadRequest): boolean;
}

/** Observes the server's answers; nothing depends on it. */
export interface ExecutionSink {
  /** Called before the view takes the answer in, so that a sink can compare. */
  childApplied?(action: ApplyAction, answer: KubeObject): void;
  childDeleted?(action: DeleteAction): void;
}

/** The object under which children are written: the instance, or the record of a deploy. */
export interface ParentPort {
  /** The instance as decisions name it, for its failed writes. */
  readonly target: ObjectTarget;
  /** Writes labels, finalizer and inventory as far as the decision has them, or removes the finalizer. */
  write(parent: ParentWrite): Promise<void>;
  /** Writes the rest of the parent while the children are written. */
  complete?(parent: ParentWrite): Promise<void>;
  /** After a conflict: reads the parent. `changed` when the decision was made on an older version. */
  reload?(): Promise<'same' | 'changed'>;
}

/** What the executor works with. Controller and direct mode differ by view, sink and parent. */
export interface ExecutionPorts {
  /** For children: the account that the definition names. */
  readonly api: Pick<KubernetesApi, 'apply' | 'delete'>;
  /** That account; absent for the process's own. */
  readonly user: string | undefined;
  readonly clock: Clock;
  /** Random numbers in [0, 1) for jitter. */
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** `read`: nothing is written. `dry-run`: the server checks children and stores nothing; the parent is left out. */
  readonly effects: 'write' | 'dry-run' | 'read';
  readonly rules: WriteRules;
  /**
   * What the garbage collector does with dependents of a deleted child. Absent: the server's default for the kind,
   * which kro takes, and which keeps the pods of a Job.
   */
  readonly propagation?: DeleteOptions['propagationPolicy'];
  /** The instance of the decision. */
  readonly instance: KubeObject;
  readonly parent: ParentPort;
  readonly view: ExecutionView;
  readonly sink: ExecutionSink;
  /** Called before each batch of writes; what it throws ends the run. */
  beforeWrites?(): Promise<void>;
  /** Writes the decision's status. Absent where no object carries one. */
  writeStatus?(decision: Decision): Promise<void>;
}
