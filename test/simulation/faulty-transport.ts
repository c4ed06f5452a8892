import type { Transport, TransportRequest, TransportResponse } from '../../src/kube/index.ts';

/** What may happen to a request. */
export type Fault = 'none' | 'refused' | 'lost-answer' | 'crash-before' | 'crash-after' | 'busy' | 'error';

/** How a faulty transport behaves. */
export interface FaultPlan {
  /** Asked for each request; a stream is only ever refused or cut. */
  readonly faultFor: (request: TransportRequest) => Fault;
  /** How many turns of the event loop an answer, or a line of a watch, is late. */
  readonly delay: () => number;
  /** Whether to send a line of a watch twice. */
  readonly repeats: () => boolean;
  /** Whether to cut a watch before the next line. */
  readonly cuts: () => boolean;
  readonly onCrash: () => void;
  /** The server carried a request out and the controller will not hear of it. */
  readonly onUnheard: (request: TransportRequest) => void;
  /** Called before a write reaches the server and after it was answered. */
  readonly check: Checker;
}

/** Looks at each write. */
export interface Checker {
  before(request: TransportRequest): Promise<void>;
  after(request: TransportRequest, status: number, body: string): Promise<void>;
}

/** A transport as a bad network and a mortal process give it. */
export class FaultyTransport implements Transport {
  readonly #inner: Transport;
  readonly #plan: FaultPlan;
  #dead = false;
  /** Requests that are under way, watches not counted. */
  inFlight = 0;

  constructor(inner: Transport, plan: FaultPlan) {
    this.#inner = inner;
    this.#plan = plan;
  }

  /** The process is gone: nothing it still does reaches anybody. */
  kill(): void {
    this.#dead = true;
  }

  async request(request: TransportRequest): Promise<TransportResponse> {
    this.inFlight += 1;
    try {
      await this.#late();
      this.#alive();
      const isWatch = request.path.includes('watch=true');
      const fault = this.#plan.faultFor(request);
      if (isWatch) return await this.#watch(request, fault);
      switch (fault) {
        case 'refused':
          throw new Error('connection refused');
        case 'busy':
          return answer(429, { 'retry-after': '1' }, 'TooManyRequests');
        case 'error':
          return answer(500, {}, 'InternalError');
        case 'crash-before':
          this.#crash();
          break;
        default:
          break;
      }
      const response = await this.#carry(request);
      if (fault === 'crash-after' || fault === 'lost-answer') this.#plan.onUnheard(request);
      if (fault === 'crash-after') this.#crash();
      if (fault === 'lost-answer') throw new Error('the connection was reset');
      await this.#late();
      this.#alive();
      return response;
    } finally {
      this.inFlight -= 1;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #carry(request: TransportRequest): Promise<TransportResponse> {
    const isWrite = request.method !== 'GET';
    if (isWrite) await this.#plan.check.before(request);
    const response = await this.#inner.request(request);
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    if (isWrite) await this.#plan.check.after(request, response.status, text);
    return { ...response, body: bodyOf(text) };
  }

  async #watch(request: TransportRequest, fault: Fault): Promise<TransportResponse> {
    if (fault === 'refused' || fault === 'lost-answer') throw new Error('connection refused');
    const response = await this.#inner.request(request);
    return { ...response, body: this.#lines(response.body) };
  }

  async *#lines(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      for (const line of Buffer.from(chunk)
        .toString('utf8')
        .split(/(?<=\n)/)) {
        await this.#late();
        if (this.#dead || this.#plan.cuts()) return;
        yield Buffer.from(line);
        if (this.#plan.repeats() && line.includes('"MODIFIED"')) yield Buffer.from(line);
      }
    }
  }

  #crash(): never {
    this.kill();
    this.#plan.onCrash();
    throw new Error('the process is gone');
  }

  #alive(): void {
    if (this.#dead) throw new Error('the process is gone');
  }

  async #late(): Promise<void> {
    for (let turns = this.#plan.delay(); turns > 0; turns -= 1) await new Promise(setImmediate);
  }
}

function answer(status: number, headers: Record<string, string>, reason: string): TransportResponse {
  const text = JSON.stringify({
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    code: status,
    reason,
    message: reason,
  });
  return { status, headers, body: bodyOf(text) };
}

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield Buffer.from(text);
}
