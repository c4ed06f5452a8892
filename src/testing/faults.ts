import type { Transport, TransportRequest, TransportResponse } from '../kube/index.ts';

/** Which requests a fault strikes. Everything that is given must match. */
export interface FaultMatch {
  readonly method?: string;
  /** Matched against the path with its query. */
  readonly path?: RegExp;
}

/** What happens to a request that a fault strikes. */
export type Fault =
  /** The server answers with this error instead of looking at the request. */
  | { readonly kind: 'error'; readonly status: number; readonly reason: string; readonly message?: string }
  /** The connection breaks before the request arrives. */
  | { readonly kind: 'disconnect' }
  /** The request is carried out, but the connection breaks before the answer arrives. */
  | { readonly kind: 'lost-answer' };

interface Rule {
  readonly match: FaultMatch;
  readonly fault: Fault;
  remaining: number;
}

/** Breaks requests on purpose. Rules are asked in the order in which they were added. */
export class Faults {
  readonly #rules: Rule[] = [];
  #struck = 0;

  /** Adds a rule that strikes so many times (default: once); gives a function that takes it back. */
  add(match: FaultMatch, fault: Fault, times = 1): () => void {
    const rule: Rule = { match, fault, remaining: times };
    this.#rules.push(rule);
    return () => {
      rule.remaining = 0;
    };
  }

  /** Takes all rules back. */
  clear(): void {
    this.#rules.length = 0;
  }

  /** How many requests were struck so far. */
  get struck(): number {
    return this.#struck;
  }

  /** The transport with the faults in front. */
  wrap(transport: Transport): Transport {
    return {
      request: async (request) => {
        const fault = this.#take(request);
        return fault === undefined ? transport.request(request) : strike(transport, request, fault);
      },
      close: () => transport.close(),
    };
  }

  #take(request: TransportRequest): Fault | undefined {
    const rule = this.#rules.find(
      ({ match, remaining }) =>
        remaining > 0 &&
        (match.method === undefined || match.method === request.method) &&
        (match.path === undefined || match.path.test(request.path)),
    );
    if (rule === undefined) return undefined;
    rule.remaining -= 1;
    this.#struck += 1;
    return rule.fault;
  }
}

async function strike(transport: Transport, request: TransportRequest, fault: Fault): Promise<TransportResponse> {
  switch (fault.kind) {
    case 'error': {
      const { status: code, reason, message = `injected: ${reason}` } = fault;
      const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
      return { status: code, headers: { 'content-type': 'application/json' }, body: once(JSON.stringify(status)) };
    }
    case 'lost-answer':
      for await (const _chunk of (await transport.request(request)).body) continue;
      throw new Error('injected: the connection broke before the answer');
    case 'disconnect':
      throw new Error('injected: the connection broke');
  }
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}
