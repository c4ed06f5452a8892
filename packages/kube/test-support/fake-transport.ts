import type { Transport, TransportRequest, TransportResponse } from '../src/kube-api.ts';

/** The response of a fake server. */
export interface FakeAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string is sent unchanged. Any other value is sent as JSON. */
  readonly body?: unknown;
}

/** A test transport that records its requests. `answer` makes the response to each request. */
export function fakeTransport(
  answer: (request: TransportRequest) => FakeAnswer | Error,
): Transport & { readonly requests: TransportRequest[] } {
  const requests: TransportRequest[] = [];
  return {
    requests,
    request(request) {
      requests.push(request);
      const given = answer(request);
      if (given instanceof Error) return Promise.reject(given);
      const text = typeof given.body === 'string' ? given.body : JSON.stringify(given.body ?? {});
      return Promise.resolve<TransportResponse>({
        status: given.status ?? 200,
        headers: given.headers ?? {},
        body: chunks(text),
      });
    },
    close: () => Promise.resolve(),
  };
}

/** Yields the text in two pieces, as a socket may deliver it. */
async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  const middle = Math.floor(bytes.length / 2);
  yield bytes.subarray(0, middle);
  await Promise.resolve();
  yield bytes.subarray(middle);
}
