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

/** How failed writes are tried again. */
export interface WriteRules {
  /** The pauses between tries. A `Retry-After` of the server takes their place. */
  readonly backoff: BackoffPolicy;
  /** How often in a row a busy server is waited for inside a pass before the failure is reported. */
  readonly silentRetries: number;
  /**
   * What becomes of a failure that does not pass by itself: a controller retries it, since rights and policies change
   * without an event; a deploy ends with it.
   */
  readonly lasting: 'retried' | 'final';
}

/** Where answers go, so that the next decision knows them. All but `read` is synchronous. */
export interface ExecutionView {
  failedWrite(target: ObjectTarget): RememberedWrite | undefined;
  /** `undefined`: the last write succeeded. */
  setFailedWrite(target: ObjectTarget, failed: RememberedWrite | undefined): void;
  /** The server took an apply, and stores (in a dry run: would store) this object. */
  applied(action: ApplyAction, answer: KubeObject): void;
  /** The server took a deletion. `left` is the object that finalizers keep; absent, the object is gone. */
  deleted(action: DeleteAction, left: KubeObject | undefined): void;
  /** Fetches what a decision asks for. A view fed by watches leaves to them what they bring. */
  read(request: ReadRequest): Promise<void>;
  /** Is there now what the decision lacked, so that another step sees more? */
  isAnswered(request: ReadRequest): boolean;
}

/** What is told of the server's answers; nothing depends on it. */
export interface ExecutionSink {
  /** Called before the view takes the answer in, so that a sink can compare. */
  childApplied?(action: ApplyAction, answer: KubeObject): void;
  childDeleted?(action: DeleteAction): void;
}

/** The object under which children are written: the instance, or the record of a deploy. */
export interface ParentPort {
  /** The instance as decisions name it, for its failed writes. */
  readonly target: ObjectTarget;
  /** Writes labels, finalizer and inventory as far as the decision has them, or takes the finalizer off. */
  write(parent: ParentWrite): Promise<void>;
  /** Writes what may be written beside the children. */
  complete?(parent: ParentWrite): Promise<void>;
  /** After a conflict: reads the parent. `changed` when the decision was made on an older version. */
  reload?(): Promise<'same' | 'changed'>;
}

/** Everything that carrying out decisions needs. Controller and direct mode differ by view, sink and parent. */
export interface ExecutionPorts {
  /** For children: the account that the definition names. */
  readonly api: Pick<KubernetesApi, 'apply' | 'delete'>;
  /** That account; absent for the process's own. */
  readonly user: string | undefined;
  readonly clock: Clock;
  /** Decides jitter, in [0, 1). */
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
  /** The instance that was decided about. */
  readonly instance: KubeObject;
  readonly parent: ParentPort;
  readonly view: ExecutionView;
  readonly sink: ExecutionSink;
  /** Called before each batch of writes; what it throws ends the run. */
  beforeWrites?(): Promise<void>;
  /** Writes the decision's status. Absent where no object carries one. */
  writeStatus?(decision: Decision): Promise<void>;
}
