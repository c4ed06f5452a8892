import { type JsonObject, type JsonValue, isJsonObject, setOwn } from '@typekro/kit/core';
import { formatMicroTime, textAt } from '@typekro/kit/kubernetes';
import type { AuditEvent, AuditLevel, AuditStage } from '../audit-options.ts';
import type { Attributes } from '../auth/authorizer.ts';
import { userJson } from '../auth/token-documents.ts';
import type { UserInfo } from '../cluster-options.ts';
import type { ApiReply, AuditTrail, ByteStream, IncomingRequest } from '../protocol/request.ts';
import { copyJson } from '../types/parts.ts';
import type { AuditDecision } from './audit-rules.ts';
import { objectOfReply, withoutManagedFields } from './audited-objects.ts';
import { isIP } from 'node:net';

/** The properties of a request whose events are written. */
export interface TrailFacts {
  readonly id: string;
  /** `undefined` when the credentials are invalid. */
  readonly user: UserInfo | undefined;
  readonly raw: IncomingRequest;
  readonly attributes: Attributes;
  readonly decision: AuditDecision;
  readonly now: () => number;
  /** Makes and writes an event. Never throws. */
  readonly write: (makeEvent: () => AuditEvent) => void;
}

/** The levels as numbers, least detail first. */
const DETAIL: Readonly<Record<AuditLevel, number>> = { None: 0, Metadata: 1, Request: 2, RequestResponse: 3 };

const MAX_USER_AGENT_LENGTH = 1024;

/** Subresources whose responses are streams. Their requests have the stage `ResponseStarted`, like watches. */
const STREAMED = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);

/** The status of a request whose connection ended before a response was sent. */
const CLOSED_EARLY: JsonObject = { metadata: {}, status: 'Success', message: 'Connection closed early', code: 200 };

type Changing<T> = { -readonly [Key in keyof T]: T[Key] };
type Reference = Changing<NonNullable<AuditEvent['objectRef']>>;

/** Collects the data of one request, and writes its events. */
export class RequestTrail implements AuditTrail {
  readonly #facts: TrailFacts;
  readonly #receivedAt: number;
  readonly #annotations: Record<string, string> = {};
  readonly #objectRef: Reference | undefined;
  #impersonation: Pick<AuditEvent, 'impersonatedUser' | 'authenticationMetadata'> = {};
  #requestObject: JsonValue | undefined;
  #failure: string | undefined;

  constructor(facts: TrailFacts) {
    this.#facts = facts;
    this.#receivedAt = facts.now();
    this.#objectRef = referenceOf(facts);
  }

  annotate(key: string, value: string, least: 'Metadata' | 'Request' = 'Metadata'): void {
    if (this.#has(least) && !Object.hasOwn(this.#annotations, key)) setOwn(this.#annotations, key, value);
  }

  impersonate(user: UserInfo, constraint: string | undefined): void {
    this.#impersonation = {
      impersonatedUser: userJson(user),
      ...(constraint === undefined ? {} : { authenticationMetadata: { impersonationConstraint: constraint } }),
    };
  }

  requestBody(value: JsonValue, hasIdentity = true): void {
    const reference = this.#objectRef;
    const metadata = hasIdentity && isJsonObject(value) ? value['metadata'] : undefined;
    if (reference !== undefined && isJsonObject(metadata)) {
      for (const key of ['namespace', 'name', 'uid', 'resourceVersion'] as const) {
        const text = textAt(metadata, key);
        if (text !== '') reference[key] ??= text;
      }
    }
    if (!this.#has('Request') || this.#requestObject !== undefined) return;
    this.#requestObject = this.#facts.decision.omitManagedFields ? withoutManagedFields(value) : copyJson(value);
  }

  panic(thrown: unknown): void {
    this.#failure = thrown instanceof Error ? thrown.message : String(thrown);
  }

  /** Writes the events of a request before and after `answer`. */
  async follow(answer: () => Promise<ApiReply>): Promise<ApiReply> {
    const { user, attributes } = this.#facts;
    if (user === undefined) {
      const reply = await answer();
      if (this.#wrotePanic()) return reply;
      const message = `Authentication failed, ${attempted(this.#facts.raw)}`;
      this.#write('ResponseStarted', { responseStatus: { metadata: {}, message, code: reply.status } });
      return reply;
    }
    this.#write('RequestReceived', {});
    const reply = await answer();
    if (this.#wrotePanic()) return reply;
    const object = objectOfReply(reply, this.#has('RequestResponse'));
    const responseStatus = reply.fate === undefined ? statusOf(reply, object) : CLOSED_EARLY;
    if (attributes.verb === 'watch' || STREAMED.has(attributes.subresource)) {
      this.#write('ResponseStarted', { responseStatus });
    }
    const isShown = attributes.path === undefined && this.#has('RequestResponse');
    const shown =
      object === undefined || !isShown
        ? {}
        : { responseObject: this.#facts.decision.omitManagedFields ? withoutManagedFields(object) : object };
    const complete = () => this.#write('ResponseComplete', { responseStatus, ...shown });
    if (reply.stream !== undefined) return { ...reply, stream: whenEnded(reply.stream, complete) };
    complete();
    return reply;
  }

  /** Writes an event if an unexpected exception was recorded (`panic`). Returns whether there was one. */
  #wrotePanic(): boolean {
    if (this.#failure === undefined) return false;
    const message = `APIServer panic'd: ${this.#failure}`;
    const responseStatus = { metadata: {}, status: 'Failure', message, reason: 'InternalError', code: 500 };
    this.#write('Panic', { responseStatus });
    return true;
  }

  #has(level: AuditEvent['level']): boolean {
    return DETAIL[this.#facts.decision.level] >= DETAIL[level];
  }

  #write(stage: AuditStage, result: Pick<AuditEvent, 'responseStatus' | 'responseObject'>): void {
    const { decision, write } = this.#facts;
    if (!decision.omitStages.has(stage)) write(() => this.#event(stage, result));
  }

  #event(stage: AuditStage, result: Pick<AuditEvent, 'responseStatus' | 'responseObject'>): AuditEvent {
    const { id, user, raw, attributes, decision, now } = this.#facts;
    const ips = sourceIps(raw);
    const userAgent = raw.headers['user-agent'] ?? '';
    const cut = userAgent.slice(0, MAX_USER_AGENT_LENGTH);
    const { responseStatus, ...shown } = result;
    return {
      kind: 'Event',
      apiVersion: 'audit.k8s.io/v1',
      level: decision.level,
      auditID: id,
      stage,
      requestURI: raw.target,
      verb: attributes.verb,
      user: user === undefined ? {} : userJson(user),
      ...this.#impersonation,
      ...(ips.length === 0 ? {} : { sourceIPs: ips }),
      ...(userAgent === '' ? {} : { userAgent: cut === userAgent ? cut : `${cut}...TRUNCATED` }),
      ...(this.#objectRef === undefined ? {} : { objectRef: { ...this.#objectRef } }),
      ...(responseStatus === undefined ? {} : { responseStatus }),
      ...(this.#requestObject === undefined ? {} : { requestObject: this.#requestObject }),
      ...shown,
      requestReceivedTimestamp: timeText(this.#receivedAt),
      stageTimestamp: timeText(stage === 'RequestReceived' ? this.#receivedAt : now()),
      ...(Object.keys(this.#annotations).length === 0 ? {} : { annotations: { ...this.#annotations } }),
    };
  }
}

const timeText = (milliseconds: number): string =>
  formatMicroTime({
    milliseconds,
    micros: String(milliseconds % 1000)
      .padStart(3, '0')
      .padEnd(6, '0'),
  });

/** Returns the kind of a request's credentials, in the words of kube-apiserver. */
function attempted({ headers }: IncomingRequest): string {
  const [, kind] = /^(basic|bearer)\s/i.exec(headers['authorization'] ?? '') ?? [];
  return kind === undefined ? 'no credentials provided' : `attempted: ${kind.toLowerCase()}`;
}

function referenceOf({ attributes, raw }: TrailFacts): Reference | undefined {
  const { path, resource, namespace, name, group, subresource } = attributes;
  if (path !== undefined) return undefined;
  const version = raw.target.split('/')[group === '' ? 2 : 3] ?? '';
  const all: Reference = { resource, namespace, name, apiGroup: group, apiVersion: version, subresource };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

/** Returns the status of a response: a `Status` without its type, or only the code. */
function statusOf({ status: code }: ApiReply, object: JsonValue | undefined): JsonObject {
  if (!isJsonObject(object) || object['kind'] !== 'Status' || object['apiVersion'] !== 'v1') {
    return { metadata: {}, code };
  }
  const { status, message, reason, details } = object;
  return { metadata: {}, ...definedOf({ status, message, reason, details }), code };
}

const definedOf = (value: Record<string, JsonValue | undefined>): JsonObject =>
  Object.fromEntries(Object.entries(value).filter((entry): entry is [string, JsonValue] => entry[1] !== undefined));

/** Returns the stream, and calls `ended` when the server or the client has ended it. */
function whenEnded(stream: ByteStream, ended: () => void): ByteStream {
  let isOpen = true;
  const end = () => {
    if (isOpen) ended();
    isOpen = false;
  };
  return {
    start: (sink) =>
      stream.start({
        write: (chunk) => sink.write(chunk),
        end() {
          end();
          sink.end();
        },
        abort() {
          end();
          sink.abort();
        },
        get backlog() {
          return sink.backlog;
        },
        drained: (callback) => sink.drained(callback),
      }),
    stop() {
      stream.stop();
      end();
    },
  };
}

/**
 * Returns the source addresses in the headers of a request, followed by the address of its connection. A client can
 * forge the headers, but not the address of the connection.
 */
export function sourceIps({ headers, remoteAddress }: Pick<IncomingRequest, 'headers' | 'remoteAddress'>): string[] {
  const ips = (headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => isIP(part) !== 0);
  const realIp = (headers['x-real-ip'] ?? '').trim();
  if (isIP(realIp) !== 0 && !ips.includes(realIp)) ips.push(realIp);
  const remoteIp = remoteAddress?.replace(/^::ffff:(?=[\d.]+$)/, '') ?? '';
  if (isIP(remoteIp) !== 0 && ips.at(-1) !== remoteIp) ips.push(remoteIp);
  return ips;
}
