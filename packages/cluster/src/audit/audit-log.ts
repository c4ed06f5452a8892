import { isoTime } from '@typekro/kit/core';
import type { AuditEvent, AuditOptions, AuditPolicy } from '../audit-options.ts';
import { attributesOf } from '../auth/authorize.ts';
import type { Attributes } from '../auth/authorizer.ts';
import type { ClusterAccess } from '../auth/cluster-access.ts';
import type { ClusterClock } from '../cluster-clock.ts';
import { toJsonText } from '../codec/json.ts';
import { ApiError } from '../errors/api-error.ts';
import type { UserInfo } from '../cluster-options.ts';
import type { ApiReply, AuditTrail, IncomingRequest } from '../protocol/request.ts';
import { Query, splitPath, splitTarget } from '../protocol/request.ts';
import { auditDecision } from './audit-rules.ts';
import { LogFile } from './log-file.ts';
import { RequestTrail } from './request-trail.ts';

/** The parts of the cluster that the audit log uses. */
export interface AuditContext {
  readonly access: Pick<ClusterAccess, 'authenticate'>;
  readonly clock: ClusterClock;
  readonly newUid: () => string;
  /** Receives a message about an event that cannot be written. */
  readonly report: (line: string) => void;
}

/**
 * Handles a request as an authenticated user. Without a user, authenticates the request again, and responds with the
 * refusal. Never throws.
 */
type Answer = (raw: IncomingRequest, user?: UserInfo, trail?: AuditTrail) => Promise<ApiReply>;

/** The default policy of a log. */
const ALL_METADATA: AuditPolicy = { rules: [{ level: 'Metadata' }] };

/** The audit log of a cluster. Each event is written before the server continues with its request. */
export class AuditLog {
  readonly #context: AuditContext;
  readonly #options: AuditOptions;
  readonly #policy: AuditPolicy;
  readonly #file: LogFile | undefined;
  /** True when the write of the latest event failed. Of consecutive failures, only the first is reported. */
  #fails = false;

  /** @throws TypeKroError `cluster/audit-log` when the file cannot be opened. */
  constructor(context: AuditContext, options: AuditOptions) {
    this.#context = context;
    this.#options = options;
    this.#policy = options.policy ?? ALL_METADATA;
    this.#file = options.file === undefined ? undefined : new LogFile(options.file, options, context.clock);
  }

  /** Handles a request with `answer`, and writes its events according to the policy. */
  async follow(raw: IncomingRequest, identity: UserInfo | 'refuse' | undefined, answer: Answer): Promise<ApiReply> {
    const { access, clock, newUid } = this.#context;
    const attributes = requestOf(raw);
    if (attributes === undefined) return answer(raw);
    let user: UserInfo | undefined;
    const annotations: [key: string, value: string][] = [];
    try {
      user = access.authenticate(raw.headers, identity, (...annotation) => void annotations.push(annotation));
    } catch {
      // The user stays undefined. `answer` authenticates the request again, and responds with the refusal.
    }
    const id = raw.headers['audit-id'] || newUid();
    // If the request is forwarded to another API server, that server reads the id from this header for its own log.
    const identified = { ...raw, headers: { ...raw.headers, 'audit-id': id } };
    const decision = auditDecision(this.#policy, user, attributes);
    let trail: RequestTrail | undefined;
    if (decision.level !== 'None') {
      const write = (makeEvent: () => AuditEvent) => this.#write(makeEvent);
      trail = new RequestTrail({ id, user, raw, attributes, decision, now: () => clock.now(), write });
      for (const annotation of annotations) trail.annotate(...annotation);
    }
    const answered = () => answer(identified, user, trail);
    const reply = await (trail?.follow(answered) ?? answered());
    return { ...reply, headers: { ...reply.headers, 'audit-id': id } };
  }

  /** Closes the file. Later events are lost. */
  close(): void {
    this.#file?.close();
  }

  #write(makeEvent: () => AuditEvent): void {
    try {
      const event = makeEvent();
      this.#options.onEvent?.(event);
      this.#file?.append(toJsonText(event));
      this.#fails = false;
    } catch (thrown) {
      // As in Kubernetes, the request continues when its event is lost.
      if (!this.#fails) this.#context.report(this.#failureText(thrown));
      this.#fails = true;
    }
  }

  #failureText(thrown: unknown): string {
    const time = isoTime(this.#context.clock.now());
    const { file } = this.#options;
    const where = file === undefined ? '' : ` in ${file}`;
    const problem = thrown instanceof Error ? thrown.message : String(thrown);
    return `${time} the audit log${where} failed, and events may be lost: ${problem}`;
  }
}

/** Returns the action of a request, or `undefined` for a path with a malformed escape, which the server refuses. */
function requestOf({ method, target }: IncomingRequest): Attributes | undefined {
  const { path, query } = splitTarget(target);
  try {
    const segments = splitPath(path);
    try {
      return attributesOf({ method, path, segments, query: new Query(query) });
    } catch (thrown) {
      // An `ApiError` means that the field selector, which can contain the name of the object, is malformed.
      if (!(thrown instanceof ApiError)) throw thrown;
      return attributesOf({ method, path, segments, query: new Query('') });
    }
  } catch (thrown) {
    if (thrown instanceof URIError) return undefined;
    throw thrown;
  }
}
