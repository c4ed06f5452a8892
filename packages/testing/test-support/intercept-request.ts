import type { Answer, SeenRequest, VirtualWorld } from './virtual-world.ts';

/** A response with this body as JSON. */
export function answer(status: number, body: unknown): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: bytes(JSON.stringify(body)) };
}

/** An error response as an API server sends it. */
export function failure(status: number, reason = 'InternalError', message = 'no'): Answer {
  return answer(status, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code: status });
}

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(new TextEncoder().encode(text));
}

/** Responds to the first matching request instead of the cluster. */
export function once(
  world: VirtualWorld,
  fits: (request: SeenRequest) => boolean,
  instead: Answer | Promise<Answer>,
): void {
  const before = world.intercept;
  let done = false;
  world.intercept = (request) => {
    if (done || !fits(request)) return before?.(request);
    done = true;
    return instead;
  };
}

/** A predicate for requests with this method and a matching path. */
export function requestTo(method: string, path: RegExp): (request: SeenRequest) => boolean {
  return (request) => request.method === method && path.test(request.path);
}
