import { isJsonObject, stringifyJson, tryParseJson } from '../../../core/index.ts';
import type { JsonValue } from '../../../core/index.ts';
import type { InspectProblem } from '../../../inspect/index.ts';
import { inspectPaths } from '../../../inspect/index.ts';

/** A request that failed: the server's answer, or no answer at all (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: InspectProblem;

  constructor(status: number, problem: InspectProblem) {
    super(problem.message);
    this.status = status;
    this.problem = problem;
  }
}

/** The requests of the page to the interface below `/api/v1/`. */
export interface Api {
  /** @throws ApiError */
  get<Body>(path: string, signal?: AbortSignal): Promise<Body>;
  /** @throws ApiError */
  post<Body>(path: string, body: JsonValue): Promise<Body>;
  /** The address of the stream of events. `EventSource` sends no headers, so the address has the token. */
  readonly eventsUrl: () => string;
}

/** Makes the requests with a token. */
export function createApi(token: string): Api {
  const request = async <Body>(path: string, init: JsonRequest): Promise<Body> => {
    const headers = { authorization: `Bearer ${token}`, ...init.headers };
    const { status, ok, text } = await exchange(path, { ...init, headers });
    const body = tryParseJson(text);
    if (!ok) throw new ApiError(status, problemOf(body, status));
    return body as Body;
  };
  return {
    get: (path, signal) => request(path, signal === undefined ? {} : { signal }),
    post: (path, body) =>
      request(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: stringifyJson(body),
      }),
    eventsUrl: () => `${inspectPaths.events()}?token=${encodeURIComponent(token)}`,
  };
}

type JsonRequest = Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> };

/** Sends a request and reads the whole answer. A connection that ends earlier counts as no answer. */
async function exchange(path: string, init: JsonRequest): Promise<Pick<Response, 'status' | 'ok'> & { text: string }> {
  try {
    const response = await fetch(path, init);
    return { status: response.status, ok: response.ok, text: await response.text() };
  } catch (error) {
    if (error instanceof TypeError) {
      throw new ApiError(0, { code: 'page/no-answer', message: 'the server does not answer' });
    }
    throw error;
  }
}

function problemOf(body: unknown, status: number): InspectProblem {
  if (isJsonObject(body) && typeof body['message'] === 'string') return body as unknown as InspectProblem;
  return { code: 'page/answer', message: `the server answered with status ${status} and without a reason` };
}
