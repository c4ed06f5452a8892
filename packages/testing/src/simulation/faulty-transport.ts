import { type Clock, type Transport, type TransportRequest, type TransportResponse, pause } from '@typekro/kube';
import type { ProcessKnowledge } from './knowledge.ts';
import type { Fault, LineFault, FaultSchedule } from './fault-schedule.ts';

/** The time for which a client waits for a response, in milliseconds. */
const ANSWER_MS = 120_000;

/** Observes and checks the requests of a process. */
export interface Checker {
  /** Called when the process sends a request, which may not reach the server. */
  sent(request: TransportRequest): void;
  /** Called when the process has received a response or an error, or has aborted the request. */
  ended(request: TransportRequest): void;
  before(request: TransportRequest): Promise<void>;
  after(request: TransportRequest, status: number, body: string): Promise<void>;
}

/** The dependencies of a faulty transport. */
export interface FaultPlan {
  readonly schedule: FaultSchedule;
  readonly clock: Clock;
  /** The number of the next request in this run. The number determines the fault of the request. */
  readonly nextRequest: (request: TransportRequest) => number;
  readonly nextStream: () => number;
  /**
   * Returns how the request fails while the process cannot reach the server; `undefined` if the server is reachable.
   */
  readonly isOut: (request: TransportRequest) => 'refused' | 'unanswered' | undefined;
  readonly onFault: (fault: Fault, request: TransportRequest, index: number) => void;
  /** Receives a description of each fault of an open watch. */
  readonly onWatchFault: (text: string, request: TransportRequest) => void;
  readonly onCrash: () => void;
  /** Called when the server has executed a write and the process does not learn the result. */
  readonly onLostAnswer: (request: TransportRequest) => void;
  /** Called for each request, and before and after each write that reaches the server. */
  readonly check: Checker;
  /** Records the states of objects that the process receives in responses and watches. */
  readonly knowledge: ProcessKnowledge;
}

/** A transport with the faults of a network, of a server and of a process that can die. */
export class FaultyTransport implements Transport {
  readonly #inner: Transport;
  readonly #plan: FaultPlan;
  #dead = false;
  /** The number of running requests, except watches and requests that never get a response. */
  inFlight = 0;
  readonly #streams = new Set<() => void>();

  constructor(inner: Transport, plan: FaultPlan) {
    this.#inner = inner;
    this.#plan = plan;
  }

  /** Kills the process: none of its later requests reaches the server. */
  kill(): void {
    this.#dead = true;
    this.cut();
  }

  /** Breaks all open streams. */
  cut(): void {
    for (const end of this.#streams) end();
  }

  async request(request: TransportRequest): Promise<TransportResponse> {
    this.inFlight += 1;
    const { schedule, check } = this.#plan;
    try {
      this.#alive();
      check.sent(request);
      const index = this.#plan.nextRequest(request);
      await turns(schedule.turns(index * 2));
      this.#alive();
      const out = this.#plan.isOut(request);
      if (out === 'unanswered') await this.#silence(request);
      if (out === 'refused') throw new Error('no route to the server');
      const fault = schedule.requestFault(index, request);
      if (fault !== 'none') this.#plan.onFault(fault, request, index);
      await this.#strikeBefore(fault, request);
      const early = answerOf(fault);
      if (early !== undefined) return early;
      if (request.path.includes('watch=true')) return await this.#watch(request, fault);
      const response = await this.#carry(request);
      await this.#strikeAfter(fault, request);
      await turns(schedule.turns(index * 2 + 1));
      this.#alive();
      return fault === 'gateway-timeout' ? answer(504, 'Timeout') : response;
    } finally {
      this.inFlight -= 1;
      check.ended(request);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #strikeBefore(fault: Fault, request: TransportRequest): Promise<void> {
    if (fault === 'refused') throw new Error('connection refused');
    if (fault === 'black-hole') await this.#silence(request);
    if (fault === 'crash-before') this.#crash();
  }

  async #strikeAfter(fault: Fault, request: TransportRequest): Promise<void> {
    const losesAnswer = ['crash-after', 'lost-answer', 'no-answer', 'gateway-timeout'].includes(fault);
    if (losesAnswer && request.method !== 'GET') this.#plan.onLostAnswer(request);
    if (fault === 'crash-after') this.#crash();
    if (fault === 'lost-answer') throw new Error('the connection was reset');
    if (fault === 'no-answer') await this.#silence(request);
  }

  /** Waits until the time limit of the client, or until the request is aborted. Always throws. */
  async #silence({ signal }: TransportRequest): Promise<never> {
    this.inFlight -= 1;
    await pause(this.#plan.clock, ANSWER_MS, signal);
    this.inFlight += 1;
    throw new Error('the request timed out');
  }

  async #carry(request: TransportRequest): Promise<TransportResponse> {
    const isWrite = request.method !== 'GET';
    if (isWrite) await this.#plan.check.before(request);
    const response = await this.#inner.request(request);
    const text = await responseText(response);
    if (isWrite) await this.#plan.check.after(request, response.status, text);
    this.#plan.knowledge.answered(request, response.status, text);
    return { ...response, body: bodyOf(text) };
  }

  async #watch(request: TransportRequest, fault: Fault): Promise<TransportResponse> {
    if (fault === 'crash-after') this.#crash();
    if (fault !== 'none') throw new Error('the connection was reset');
    const response = await this.#inner.request(request);
    if (response.status >= 400) return response;
    return { ...response, body: this.#lines(response.body, this.#plan.nextStream(), request) };
  }

  async *#lines(
    body: AsyncIterable<Uint8Array>,
    stream: number,
    request: TransportRequest,
  ): AsyncGenerator<Uint8Array> {
    const { schedule, knowledge } = this.#plan;
    let broken = false;
    let wake = () => {};
    const ended = new Promise<void>((resolve) => {
      wake = () => {
        broken = true;
        // The client stops reading an aborted stream, so the `finally` block below may not run.
        this.#streams.delete(wake);
        resolve();
      };
    });
    this.#streams.add(wake);
    request.signal?.addEventListener('abort', wake, { once: true });
    if (request.signal?.aborted === true) wake();
    const lines: string[] = [];
    const source = splitLines(body);
    try {
      for (let count = 0; ; count += 1) {
        const next = await Promise.race([source.next(), ended]);
        if (broken || next === undefined || next.done === true) return;
        const line = next.value;
        const fault = schedule.lineFault(stream, count);
        const text = watchFaultText(fault);
        if (text !== undefined) this.#plan.onWatchFault(text, request);
        await turns(fault.turns);
        if (fault.holdMs > 0) await Promise.race([this.#pause(fault.holdMs), ended]);
        if (fault.silent) await ended;
        if (broken || fault.cut) return;
        if (fault.expired) {
          yield Buffer.from(`${JSON.stringify({ type: 'ERROR', object: statusOf(410, 'Expired') })}\n`);
          return;
        }
        const old = lines[Math.floor(schedule.detail('replayed line', stream * 1000 + count) * lines.length)];
        if (fault.replay && old !== undefined) yield Buffer.from(old);
        const isEvent = !line.includes('"BOOKMARK"');
        if (isEvent) knowledge.line(request, line);
        yield Buffer.from(line);
        if (!isEvent) continue;
        if (fault.twice) yield Buffer.from(line);
        lines.push(line);
      }
    } finally {
      this.#streams.delete(wake);
      void source.return(undefined);
    }
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => void this.#plan.clock.setTimer(milliseconds, resolve));
  }

  #crash(): never {
    this.kill();
    this.#plan.onCrash();
    throw new Error('the process is gone');
  }

  #alive(): void {
    if (this.#dead) throw new Error('the process is gone');
  }
}

function watchFaultText({ holdMs, cut, silent, expired }: LineFault): string | undefined {
  if (silent) return 'silent for good';
  if (cut) return 'ends';
  if (expired) return '410 Expired in the stream';
  return holdMs > 0 ? `late by ${holdMs} ms` : undefined;
}

async function* splitLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of body) {
    const bytes = Buffer.concat([rest, chunk]);
    const complete = bytes.lastIndexOf('\n') + 1;
    rest = bytes.subarray(complete);
    yield* bytes.toString('utf8', 0, complete).match(/.*\n/g) ?? [];
  }
}

async function turns(count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await new Promise(setImmediate);
}

/** Reads the whole body as a string. */
export async function responseText(response: TransportResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function answerOf(fault: Fault): TransportResponse | undefined {
  switch (fault) {
    case 'busy':
      return answer(429, 'TooManyRequests', { 'retry-after': '1' });
    case 'error':
      return answer(500, 'InternalError');
    case 'unavailable':
      return answer(503, 'ServiceUnavailable');
    case 'conflict':
      return answer(409, 'Conflict');
    case 'expired':
      return answer(410, 'Expired');
    default:
      return undefined;
  }
}

function answer(status: number, reason: string, headers: Record<string, string> = {}): TransportResponse {
  return { status, headers, body: bodyOf(JSON.stringify(statusOf(status, reason))) };
}

function statusOf(code: number, reason: string) {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: reason };
}

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield Buffer.from(text);
}
