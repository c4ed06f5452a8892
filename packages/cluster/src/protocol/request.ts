import type { JsonValue } from '@typekro/kit/core';
import type { UserInfo } from '../cluster-options.ts';

/** Matches a query that must be decoded, because it has escapes, plus signs, or characters other than visible ASCII. */
const ENCODED = /[^!-*,-~]|%/;

/** The query of a request. A parameter may occur several times. */
export class Query {
  readonly #values = new Map<string, string[]>();

  constructor(text: string) {
    if (text === '') return;
    if (!ENCODED.test(text)) {
      for (const pair of text.split('&')) {
        const equals = pair.indexOf('=');
        if (equals >= 0) this.#add(pair.slice(0, equals), pair.slice(equals + 1));
        else if (pair !== '') this.#add(pair, '');
      }
    } else for (const [name, value] of new URLSearchParams(text)) this.#add(name, value);
  }

  #add(name: string, value: string) {
    const values = this.#values.get(name);
    if (values === undefined) this.#values.set(name, [value]);
    else values.push(value);
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The first value of a parameter; `''` for an absent parameter. */
  get(name: string): string {
    return this.#values.get(name)?.[0] ?? '';
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** The boolean value of a parameter. `0`, `false` and a missing parameter are false; any other value is true. */
  flag(name: string): boolean {
    const value = this.#values.get(name)?.[0];
    return value !== undefined && value !== '0' && value.toLowerCase() !== 'false';
  }
}

/** A request from a listener or a transport. */
export interface IncomingRequest {
  readonly method: string;
  /** The path and the query. */
  readonly target: string;
  /** The headers, with names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body, or the function that reads it, which a refused request does not call. */
  readonly body: Buffer | (() => Promise<Buffer>);
  /** The IP address of the client; absent for a request from the same process. */
  readonly remoteAddress?: string | undefined;
  /** Returns a signal that is aborted when the client disconnects. Absent when the server cannot detect this. */
  readonly clientSignal?: (() => AbortSignal) | undefined;
  /** Called after the authentication. Is the caller another one than an anonymous user? */
  readonly admit?: (isKnown: boolean) => void;
}

/** Adds details to the audit events of a request. Present when the audit policy requests events for the request. */
export interface AuditTrail {
  /**
   * Adds an annotation, unless the annotation already has a value. `least` is the lowest audit level whose events
   * contain the annotation.
   */
  annotate(key: string, value: string, least?: 'Metadata' | 'Request'): void;
  /**
   * Records that the request continues as another user. For constrained impersonation, `constraint` is the verb of the
   * permission.
   */
  impersonate(user: UserInfo, constraint: string | undefined): void;
  /** Records the body of an allowed request. `hasIdentity` is true for an object, and false for a patch or options. */
  requestBody(value: JsonValue, hasIdentity?: boolean): void;
  /** Records an unexpected exception. */
  panic(thrown: unknown): void;
}

/** A request from a socket or a transport, after authentication and before its body is read. */
export interface RequestHead extends Pick<IncomingRequest, 'method' | 'headers' | 'target' | 'clientSignal'> {
  /** The decoded path segments, without empty segments. */
  readonly segments: readonly string[];
  /** The path as sent, without the query. */
  readonly path: string;
  readonly query: Query;
  readonly user: UserInfo;
  readonly audit?: AuditTrail | undefined;
  /** If present, reads return the state at this resource version. Only fault rules set it. */
  readonly asOf?: number;
}

/** An authorized request. */
export interface ApiRequest extends RequestHead {
  readonly body: Buffer;
}

/** A stream to which the server writes bytes over time: watches, followed logs and the responses of other servers. */
export interface ByteStream {
  /** Starts writing to the sink. */
  start(sink: StreamSink): void;
  /** Called when the reader has closed the stream. */
  stop(): void;
}

/** The sink of a stream. */
export interface StreamSink {
  write(chunk: Buffer): void;
  end(): void;
  /** Breaks the connection, as a network failure does. */
  abort(): void;
  /** The number of bytes that the reader has not read yet. */
  readonly backlog: number;
  /** Calls the callback once, asynchronously, when the reader has read all bytes that were written before this call. */
  drained(callback: () => void): void;
}

/** A connection that transfers messages in both directions. */
export interface MessageConnection {
  onMessage: (message: Buffer) => void;
  /** Called once, when the connection has ended. */
  onClose: () => void;
  send(message: Buffer): void;
  /** Ends the connection after all sent messages are written. */
  close(): void;
  /** Breaks the connection at once. */
  abort(): void;
  /** Stops reading messages until `resume`. */
  pause(): void;
  resume(): void;
  /** The number of bytes that the client has not read yet. */
  readonly backlog: number;
  /** Calls the callback once, asynchronously, when the client has read all sent bytes or the connection has ended. */
  drained(callback: () => void): void;
}

/** The protocol to which a connection switches, and the function that handles the connection. */
export interface ConnectionUpgrade {
  /** The subprotocol inside the transport; `''` when the client has named no subprotocol. */
  readonly protocol: string;
  /** Default: `websocket`. With `SPDY/3.1`, each message is a chunk of bytes without framing. */
  readonly transport?: 'websocket' | 'SPDY/3.1';
  open(connection: MessageConnection): void;
}

/** A response with a complete body or a stream. */
export interface ApiReply {
  readonly status: number;
  readonly headers: Record<string, string | string[]>;
  readonly body?: Buffer | readonly Buffer[];
  /** The number of bytes of the body that no other response shares. Default: all. */
  readonly ownBytes?: number;
  readonly stream?: ByteStream;
  /** Are the lines of the stream the events of a watch? */
  readonly isWatch?: boolean;
  /** Present when the response, with the status 101, switches the protocol of the connection. */
  readonly upgrade?: ConnectionUpgrade;
  /** Replaces the response: `break` breaks the connection, and `hang` sends no response. */
  readonly fate?: 'break' | 'hang';
}

/**
 * Called before a request is handled. An interceptor may respond to the request itself, change the request, or change
 * the response.
 */
export type Interceptor = (
  request: RequestHead,
  proceed: (request: RequestHead) => Promise<ApiReply>,
) => Promise<ApiReply>;

/** Splits a target into its path and its query string, without the question mark. */
export function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf('?');
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** Decodes a path, and then splits it into segments. Throws `URIError` on a malformed escape. */
export function splitPath(path: string): string[] {
  const decoded = path.includes('%') ? decodeURIComponent(path) : path;
  return decoded.split('/').filter((part) => part !== '');
}

/** The verb of a request, as discovery and authorization name it; `''` for a method without a verb. */
export function verbOf(method: string, named: boolean, watch: boolean): string {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
    case 'GET':
    case 'HEAD':
      return watch ? 'watch' : named ? 'get' : 'list';
    default:
      return '';
  }
}
