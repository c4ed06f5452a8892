import { type JsonValue, isJsonObject, stringifyJson, tryParseJson } from '@typekro/kit/core';
import { type InspectProblem, inspectPaths, proofMessage } from '@typekro/controller/inspect';
import { type StreamMessage, streamMessages } from './stream-messages.ts';

/** The error of a failed request: the server's response, or `status` 0 when no response arrived. */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: InspectProblem;

  constructor(status: number, problem: InspectProblem) {
    super(problem.message);
    this.status = status;
    this.problem = problem;
  }
}

/**
 * The longest time without a byte of the stream of events, in milliseconds. The server sends a comment every 15
 * seconds. A stream without these comments counts as lost even while its connection is open: the network may have
 * changed, or the server may have ended.
 */
export const MAX_SILENCE_MS = 40_000;

/** The longest wait for a response about the server itself, in milliseconds. */
const MAX_ANSWER_MS = 10_000;

/** The result of a request for a proof. */
export type ServerProof =
  /** The server has the token of the page. */
  | 'own'
  /** The server has no proof, or a wrong one. */
  | 'none'
  /** The server sends proofs only to a page at its own address. */
  | 'other-address'
  /** No response arrived, or a program between the page and the server responded. */
  | 'unknown';

/** The requests of the page to the interface below `/api/v1/`. */
export interface Api {
  /** @throws ApiError */
  get<Body>(path: string, signal?: AbortSignal): Promise<Body>;
  /** @throws ApiError */
  post<Body>(path: string, body: JsonValue): Promise<Body>;
  /**
   * Does the server have the token of the page? The page asks before it sends the token to a server that has started
   * again, because another program can have the port of the former server.
   */
  readonly proof: () => Promise<ServerProof>;
  /**
   * Does the server accept the token? Throws `ApiError` when the server does not accept the token, and when no response
   * arrives in time.
   */
  readonly check: () => Promise<void>;
  /**
   * Opens the stream of events. Both the call and a read of the messages throw `ApiError` when the server refuses the
   * stream, the connection breaks, or nothing arrives for `MAX_SILENCE_MS`. `EventSource` is not used, because it can
   * send the token only in the address, which proxies log.
   */
  readonly events: () => Promise<AsyncIterable<StreamMessage>>;
  /**
   * Ends the running requests. Each of them then counts as a request without a response. After a lost connection, a
   * response may never arrive.
   */
  readonly end: () => void;
}

const noAnswer = (): ApiError => new ApiError(0, { code: 'page/no-answer', message: 'the server does not respond' });

/**
 * The first character of a token that a header cannot contain, such as an invisible character; undefined when there is
 * none.
 */
export const unusualCharacter = (token: string): string | undefined => /[^\x21-\x7e]/u.exec(token)?.[0];

/**
 * Makes the requests with a token.
 *
 * @param mayBeStranger returns true while another program may have the port; no request is sent during that time
 */
export function createApi(token: string, mayBeStranger: () => boolean): Api {
  const underWay = new Set<AbortController>();
  const send = async (path: string, init: JsonRequest): Promise<Response> => {
    if (mayBeStranger()) throw noAnswer();
    // A browser refuses to send a token with an unusual character in a header. The request is then sent without the
    // header, and the response of the server states which tokens it accepts.
    const headers = {
      ...(unusualCharacter(token) === undefined ? { authorization: `Bearer ${token}` } : {}),
      ...init.headers,
    };
    const response = await answered(fetch(path, { ...init, headers }));
    if (response.ok) return response;
    throw new ApiError(response.status, problemOf(await bodyOf(response), response.status));
  };
  const request = async <Body>(path: string, init: JsonRequest, signal?: AbortSignal): Promise<Body> => {
    const ending = new AbortController();
    underWay.add(ending);
    const signals = signal === undefined ? [ending.signal] : [ending.signal, signal];
    try {
      return (await bodyOf(await send(path, { ...init, signal: AbortSignal.any(signals) }))) as Body;
    } finally {
      underWay.delete(ending);
    }
  };
  return {
    get: (path, signal) => request(path, {}, signal),
    post: (path, body) =>
      request(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: stringifyJson(body) }),
    proof: () => proofOfServer(token),
    check: () => request(inspectPaths.meta(), {}, AbortSignal.timeout(MAX_ANSWER_MS)),
    events: async () => {
      const ending = new AbortController();
      const inTime = async <Part>(part: () => Promise<Part>): Promise<Part> => {
        const timer = setTimeout(() => ending.abort(), MAX_SILENCE_MS);
        try {
          return await part();
        } finally {
          clearTimeout(timer);
        }
      };
      const { body } = await inTime(() => send(inspectPaths.events(), { signal: ending.signal }));
      const reader = (body ?? new Blob().stream()).pipeThrough(new TextDecoderStream()).getReader();
      return streamMessages(() => inTime(() => answered(reader.read())));
    },
    end: () => {
      for (const ending of underWay) ending.abort();
    },
  };
}

const bytesOfHex = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

async function proofOfServer(token: string): Promise<ServerProof> {
  const nonce = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0'));
  const text = new TextEncoder();
  try {
    const signal = AbortSignal.timeout(MAX_ANSWER_MS);
    const answer = await answered(fetch(inspectPaths.proof(nonce.join('')), { credentials: 'omit', signal }));
    const body = await bodyOf(answer);
    // A proxy responds with such a status while it cannot reach the server.
    if (answer.status >= 500) return 'unknown';
    if (answer.status === MISDIRECTED) return 'other-address';
    if (!answer.ok || !isJsonObject(body)) return 'none';
    const kind = { name: 'HMAC', hash: 'SHA-256' };
    const key = await crypto.subtle.importKey('raw', text.encode(token), kind, false, ['verify']);
    const message = text.encode(proofMessage(nonce.join(''), location.host));
    return (await crypto.subtle.verify('HMAC', key, bytesOfHex(String(body['proof'])), message)) ? 'own' : 'none';
  } catch (error) {
    if (error instanceof ApiError) return 'unknown';
    throw error;
  }
}

/** The response status for a page that was opened at an address other than the server's. */
const MISDIRECTED = 421;

type JsonRequest = Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> };

/**
 * Awaits a response or a part of it. Throws the error for a missing response if the connection ends too early, or if
 * the page ends the request.
 */
async function answered<Value>(answer: Promise<Value>): Promise<Value> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof TypeError || error instanceof DOMException ? noAnswer() : error;
  }
}

const bodyOf = async (response: Response): Promise<JsonValue | undefined> =>
  tryParseJson(await answered(response.text()));

function problemOf(body: unknown, status: number): InspectProblem {
  if (isJsonObject(body) && typeof body['message'] === 'string') return body as unknown as InspectProblem;
  return { code: 'page/answer', message: `the server responded with status ${status} and without a reason` };
}
