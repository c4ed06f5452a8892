/** What a failed request tells about the next one. */
export type FailureClass =
  /** The request's own signal ended it. */
  | 'aborted'
  /** No answer of the server itself (408, 503, 504, a lost connection): the request may have been carried out. */
  | 'unanswered'
  /** The server did not begin (429). */
  | 'throttled'
  /** Another version, UID or owner than the request assumed (409). */
  | 'conflict'
  /** The server does not serve the kind, or not yet. */
  | 'unserved-kind'
  /** Admission has not counted the quota of a new namespace, or not made its service account (403). */
  | 'new-namespace'
  /** A fault of the server or of a webhook that it calls (other 5xx), or a watch whose events cannot be read. */
  | 'server-fault'
  /** The object or its namespace does not exist (404). */
  | 'not-found'
  /** The credentials do not count, or no longer (401). */
  | 'unauthenticated'
  /** The server refuses this very request (other 4xx). */
  | 'refused'
  /** A redirect, or an answer that is none of a Kubernetes API. */
  | 'unreadable';

/** A failed request: the HTTP status, 0 without an answer; the `reason` of its Status; its message. */
export interface FailedRequest {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
}

/** How the admission plugins ResourceQuota and ServiceAccount word what the first second of a namespace is like. */
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

/** The class of a failure: the one place where statuses and reasons are read for what to do next. */
export function classify({ status, reason, message }: FailedRequest): FailureClass {
  if (reason === 'Aborted') return 'aborted';
  if (reason === 'Transport') return 'unanswered';
  if (reason === 'UnknownKind') return 'unserved-kind';
  if (status === 403 && NEW_NAMESPACE.test(message)) return 'new-namespace';
  return BY_STATUS.get(status) ?? (status >= 500 ? 'server-fault' : status >= 400 ? 'refused' : 'unreadable');
}

/** May the same request succeed a moment later? A pass waits for that, and reports the failure only if it stays. */
export function isBusy(failure: FailureClass): boolean {
  return failure === 'unanswered' || failure === 'throttled';
}

/** Classes that end without a change of the object, of rights or of the cluster. */
const PASSING: ReadonlySet<FailureClass> = new Set([
  'aborted',
  'unanswered',
  'throttled',
  'conflict',
  'unserved-kind',
  'new-namespace',
  'server-fault',
]);

/** Does the failure pass by itself? Direct mode waits for that, and ends with any other failure. */
export function passes(failure: FailureClass): boolean {
  return PASSING.has(failure);
}
