/** The class of a failed request. It decides whether and how the client retries. */
export type FailureClass =
  /** The request was aborted by its own signal. */
  | 'aborted'
  /**
   * The server did not respond (408, 503, 504, a lost connection, a timeout). The request may have been carried out.
   */
  | 'unanswered'
  /** The server did not begin to process the request (429). */
  | 'throttled'
  /** The object exists already, or has another version, UID or field owner than the request assumed (409). */
  | 'conflict'
  /** The server does not serve the kind. This can change: a CRD of the kind may be established later. */
  | 'unserved-kind'
  /** The namespace is new: its quota is not counted yet, or its service account does not exist yet (403). */
  | 'new-namespace'
  /**
   * A fault of the server or of its webhook (other 5xx), or a failure without an HTTP status, such as an unreadable
   * watch event.
   */
  | 'server-fault'
  /** The object or its namespace does not exist (404). */
  | 'not-found'
  /** The server does not accept the credentials, which may have expired (401). */
  | 'unauthenticated'
  /** The server refuses the request because of its content or because the client lacks permissions (other 4xx). */
  | 'refused'
  /** This process's client is read-only, so the write was not sent to the server. */
  | 'not-sent'
  /** A redirect, or a response that does not come from a Kubernetes API. */
  | 'unreadable';

/** A failed request: its HTTP status (0 without a response), and the `reason` and the message of its Status. */
export interface FailedRequest {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
}

/**
 * Messages with which the admission plugins ResourceQuota and ServiceAccount refuse objects shortly after a namespace
 * was created.
 */
const NEW_NAMESPACE = /status unknown for quota|error looking up service account/;

const BY_STATUS: ReadonlyMap<number, FailureClass> = new Map([
  [0, 'server-fault'],
  [401, 'unauthenticated'],
  [404, 'not-found'],
  [408, 'unanswered'],
  [409, 'conflict'],
  [429, 'throttled'],
  [503, 'unanswered'],
  [504, 'unanswered'],
]);

/**
 * Classifies a failure by its status, reason and message. Watches do not use this function: `kube/watch-step.ts`
 * interprets their statuses itself, because 400, 410 and 429 have special meanings in the watch protocol.
 */
export function classify({ status, reason, message }: FailedRequest): FailureClass {
  if (reason === 'Aborted') return 'aborted';
  if (reason === 'Transport' || reason === 'NoAnswer') return 'unanswered';
  if (reason === 'UnknownKind') return 'unserved-kind';
  if (reason === 'ReadOnlyClient') return 'not-sent';
  if (status === 403 && NEW_NAMESPACE.test(message)) return 'new-namespace';
  return BY_STATUS.get(status) ?? (status >= 500 ? 'server-fault' : status >= 400 ? 'refused' : 'unreadable');
}

/**
 * May the same request succeed a moment later? A pass retries after such a failure, and reports the failure only if it
 * persists.
 */
export function isBusy(failure: FailureClass): boolean {
  return failure === 'unanswered' || failure === 'throttled';
}

/** The failure classes that may end although neither the request nor the client's permissions change. */
const PASSING: ReadonlySet<FailureClass> = new Set([
  'aborted',
  'unanswered',
  'throttled',
  'conflict',
  'unserved-kind',
  'new-namespace',
  'server-fault',
]);

/**
 * May the failure end by itself? If so, direct mode repeats the write. After any other failure of an apply, direct mode
 * stops.
 */
export function passes(failure: FailureClass): boolean {
  return PASSING.has(failure);
}
