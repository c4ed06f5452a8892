import type { UserInfo } from '../options.ts';

/** What a query must be decoded for: escapes, plus signs, and what is no visible ASCII. */
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

  /** The first value; absent parameters are `''`. */
  get(name: string): string {
    return this.#values.get(name)?.[0] ?? '';
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** `0` and `false` are false, everything else that is present is true. */
  flag(name: string): boolean {
    const value = this.#values.get(name)?.[0];
    return value !== undefined && value !== '0' && value.toLowerCase() !== 'false';
  }
}

/** A request as the handler sees it, whichever way it came. */
export interface ApiRequest {
  readonly method: string;
  /** Decoded path segments without empty ones. */
  readonly segments: readonly string[];
  /** The path as sent, without the query. */
  readonly path: string;
  readonly query: Query;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  readonly user: UserInfo;
  /** The path with its query, as sent. */
  readonly target: string;
  /** Reads show the cluster as it was at this version; used by faults. */
  readonly asOf?: number;
}

/** A stream of bytes that the server goes on writing to, for watches and followed logs. */
export interface ByteStream {
  /** Starts the stream; `write` returns false when the reader is behind, `end` finishes it. */
  start(sink: StreamSink): void;
  /** The reader has gone. */
  stop(): void;
}

/** A stream that the server can end: properly, or because what it shows is no longer what there is. */
export interface OpenStream {
  end(): void;
  expire(): void;
}

/** Where a stream writes to. */
export interface StreamSink {
  write(chunk: Buffer): void;
  end(): void;
  /** Breaks the connection off, as a network does. */
  abort(): void;
  /** Bytes that the reader has not taken yet. */
  readonly backlog: number;
  /** Calls back, once and later, when the reader has taken what was written before. */
  drained(callback: () => void): void;
}

/** An answer: either a body that is complete or a stream. */
export interface ApiReply {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body?: Buffer | readonly Buffer[];
  readonly stream?: ByteStream;
  /** What happens instead of an answer: the connection breaks, or nothing ever comes. */
  readonly fate?: 'break' | 'hang';
}

/** Stands before the verbs: may answer a request itself, change it, or change what they answer. */
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
