import type { UserInfo } from '../options.ts';

/** Matches a query that must be decoded: it has escapes, plus signs, or characters other than visible ASCII. */
const ENCODED = /[^!-*,-~]|%/;

/** The query of a request; a parameter may occur several times. */
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

  /** The first value of a parameter; `''` for an absent one. */
  get(name: string): string {
    return this.#values.get(name)?.[0] ?? '';
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** The boolean value of a parameter: `0` and `false` are false, and so is an absent one; any other value is true. */
  flag(name: string): boolean {
    const value = this.#values.get(name)?.[0];
    return value !== undefined && value !== '0' && value.toLowerCase() !== 'false';
  }
}

/** A request as the handler sees it, from a socket or a transport. */
export interface ApiRequest {
  readonly method: string;
  /** The decoded path segments without empty ones. */
  readonly segments: readonly string[];
  /** The path as sent, without the query. */
  readonly path: string;
  readonly query: Query;
  /** The headers, with names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly user: UserInfo;
  /** The path with its query, as sent. */
  readonly target: string;
  /** The version at which reads see the cluster; faults set it. */
  readonly asOf?: number;
}

/** A stream of bytes to which the server keeps writing, for watches and followed logs. */
export interface ByteStream {
  /** Starts the stream. `write` returns false when the reader is behind; `end` finishes the stream. */
  start(sink: StreamSink): void;
  /** Called when the reader has gone. */
  stop(): void;
}

/** A stream that the server can end: properly, or because the state that it shows was replaced. */
export interface OpenStream {
  end(): void;
  expire(): void;
}

/** The writer's side of a stream. */
export interface StreamSink {
  write(chunk: Buffer): void;
  end(): void;
  /** Breaks the connection, as a network failure does. */
  abort(): void;
  /** The number of bytes that the reader has not read yet. */
  readonly backlog: number;
  /** Calls the callback once, later, when the reader has read what was written before. */
  drained(callback: () => void): void;
}

/** An answer: a complete body, or a stream. */
export interface ApiReply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body?: Buffer | readonly Buffer[];
  readonly stream?: ByteStream;
  /** What happens instead of an answer: the connection breaks, or no answer ever comes. */
  readonly fate?: 'break' | 'hang';
}

/** Handles requests before the verbs. It may answer a request itself, change it, or change its answer. */
export type Interceptor = (
  request: ApiRequest,
  proceed: (request: ApiRequest) => Promise<ApiReply>,
) => Promise<ApiReply>;

/** Splits a path into decoded segments. Throws `URIError` on a malformed escape. */
export function splitPath(path: string): string[] {
  const decoded = path.includes('%') ? decodeURIComponent(path) : path;
  return decoded.split('/').filter((part) => part !== '');
}

/** The verb of a request, as discovery and authorization name it. */
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
    default:
      return watch ? 'watch' : named ? 'get' : 'list';
  }
}
