import type { KubeObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { optionalAt, textAt } from '@typekro/kit/kubernetes';
import type { OpenStream, OpenStreams } from '../protocol/open-streams.ts';
import { PacedWriter } from '../protocol/paced-writer.ts';
import type { ApiReply, ApiRequest, ByteStream, StreamSink } from '../protocol/request.ts';
import { integer } from '../verbs/request-options.ts';
import type { Route } from '../verbs/route.ts';
import { ApiError, badRequest, methodNotAllowed } from '../errors/api-error.ts';
import type { LogLine, PodLogs } from '../pod-logs.ts';
import { containerOf, containerStatus, podOf, SIMULATED_NOTE } from './pod-container.ts';
import { warningHeader } from '../protocol/reply.ts';
import type { ClusterClock } from '../cluster-clock.ts';
import { type LogOptions, LogCursor } from './log-cursor.ts';
import { storeKey } from '../store/store.ts';
import type { ProcessRuntime } from '../processes/process-runtime.ts';

/** The parts of the cluster that a log request uses. */
export interface LogContext {
  readonly logs: Pick<PodLogs, 'read' | 'previous' | 'follow'>;
  readonly streams: OpenStreams;
  readonly clock: ClusterClock;
  /** The local processes of pods; `undefined` in a cluster without local processes. */
  readonly processes: Pick<ProcessRuntime, 'find'> | undefined;
}

/**
 * Handles GET of `pods/…/log`. Returns the log of a container. A pod with the annotation `PROCESS` (`pod-logs.ts`)
 * represents a part of this program, and shows the log of this part.
 */
export function logReply(context: LogContext, request: ApiRequest, route: Route): ApiReply | undefined {
  if (route.resource.plural !== 'pods') return undefined;
  if (request.method !== 'GET') throw methodNotAllowed();
  const pod = podOf(route);
  const container = containerOf(pod, request.query.get('container'));
  const options = logOptions(request, context.clock.now());
  const isPrevious = request.query.flag('previous');
  const isFollowed = options.follow && !isPrevious && mayContinue(pod, container);
  const lines = isPrevious ? previousLines(context, pod, container) : context.logs.read(pod, container, isFollowed);
  const cursor = new LogCursor(lines, { ...options, follow: isFollowed });
  // The note is in a header and not in the body, so that programs read only the lines of the container.
  const note = warningHeader(
    lines.length > 0 || context.processes?.find(pod) !== undefined
      ? []
      : [`the log of container ${goQuote(container)} is empty: ${SIMULATED_NOTE}`],
  );
  const headers = { 'content-type': 'text/plain', 'cache-control': 'no-cache, private', ...note };
  const stream = new LogStream(context, route, pod, container, cursor);
  context.streams.add(stream, request.user.name);
  if (lines === context.logs.read(pod, container)) stream.follow(isFollowed);
  return { status: 200, headers, stream };
}

/** The stream of a log. A followed log ends when its container has ended. */
class LogStream implements ByteStream, OpenStream {
  readonly isWatch = false;
  readonly #context: LogContext;
  readonly #route: Route;
  readonly #pod: KubeObject;
  readonly #container: string;
  readonly #cursor: LogCursor;
  #writer: PacedWriter | undefined;
  #isFollowed = false;
  readonly #unsubscribe: (() => void)[] = [];

  constructor(context: LogContext, route: Route, pod: KubeObject, container: string, cursor: LogCursor) {
    this.#context = context;
    this.#route = route;
    this.#pod = pod;
    this.#container = container;
    this.#cursor = cursor;
  }

  /** Keeps the place in the lines of the present run. With `isFollowed`, later lines are sent, too. */
  follow(isFollowed: boolean): void {
    this.#isFollowed = isFollowed;
    const unfollow = this.#context.logs.follow(this.#pod, this.#container, {
      podUid: this.#pod.metadata.uid ?? '',
      added: () => this.#writer?.wake(),
      replaced: (lines) => this.#cursor.replaced(lines),
      end: () => this.end(),
    });
    this.#unsubscribe.push(unfollow);
  }

  start(sink: StreamSink): void {
    const { collection } = this.#route.resource;
    const { uid } = this.#pod.metadata;
    this.#writer = new PacedWriter(sink, this.#context, {
      unsent: () => this.#cursor.lines(),
      done: () => {
        if (this.#cursor.isAtEnd) this.end();
      },
      failed: () => sink.abort(),
      stop: () => this.stop(),
    });
    this.#writer.wake();
    if (!this.#isFollowed) return this.end();
    const unsubscribe = collection.subscribe(({ type, stored: { object } }) => {
      if (object.metadata.uid === uid) this.#check(type === 'DELETED' ? undefined : object);
    });
    this.#unsubscribe.push(unsubscribe);
    // The container may have ended before the subscription began.
    this.#check(collection.get(storeKey(this.#route.namespace, this.#route.name))?.object);
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#writer?.stop();
    this.#context.streams.delete(this);
  }

  /** Ends the stream when the client has read the lines; before `start`, when it has read them after `start`. */
  end(): void {
    this.#isFollowed = false;
    this.#writer?.end();
  }

  expire(): void {
    this.end();
  }

  #check(object: KubeObject | undefined): void {
    const isSame = object?.metadata.uid === this.#pod.metadata.uid;
    if (object === undefined || !isSame || !mayContinue(object, this.#container)) this.end();
  }
}

/**
 * The lines of the last completed run. While a container waits for its restart, this is its latest run. Throws 400 when
 * no run has completed.
 */
function previousLines({ logs }: LogContext, pod: KubeObject, container: string): readonly LogLine[] {
  const status = containerStatus(pod, container);
  const hasEnded = textAt(status, 'lastState', 'terminated', 'finishedAt') !== '';
  if (hasEnded && optionalAt(status, 'state', 'waiting') !== undefined) return logs.read(pod, container);
  const lines = logs.previous(pod, container) ?? (hasEnded ? [] : undefined);
  if (lines !== undefined) return lines;
  const name = pod.metadata.name ?? '';
  throw badRequest(`previous terminated container ${goQuote(container)} in pod ${goQuote(name)} not found`);
}

/** Can the current run of the container still write lines? */
function mayContinue(pod: KubeObject, container: string): boolean {
  if (['Succeeded', 'Failed'].includes(textAt(pod.status, 'phase'))) return false;
  return optionalAt(containerStatus(pod, container), 'state', 'terminated') === undefined;
}

/** Parses the options in the query. Throws 400 for a malformed value, and 422 for an invalid value. */
function logOptions({ query }: ApiRequest, now: number): LogOptions {
  const number = (name: string, least: number): number | undefined => {
    const value = integer(query, name);
    if (value === undefined || value >= least) return value;
    const limit = least === 0 ? 'or equal to 0' : '0';
    throw invalidOption(name, `Invalid value: ${value}: must be greater than ${limit}`);
  };
  const seconds = number('sinceSeconds', 1);
  const time = query.get('sinceTime');
  if (time !== '' && seconds !== undefined) {
    throw invalidOption('sinceSeconds', 'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified');
  }
  const since = time === '' ? undefined : Date.parse(time);
  if (since !== undefined && Number.isNaN(since)) throw badRequest(`parsing time ${goQuote(time)}`);
  return {
    tailLines: number('tailLines', 0),
    since: seconds === undefined ? since : now - seconds * 1000,
    limitBytes: number('limitBytes', 1),
    timestamps: query.flag('timestamps'),
    follow: query.flag('follow'),
  };
}

function invalidOption(field: string, message: string): ApiError {
  const reason = message.startsWith('Forbidden') ? 'FieldValueForbidden' : 'FieldValueInvalid';
  return new ApiError({
    code: 422,
    reason: 'Invalid',
    message: `PodLogOptions "" is invalid: ${field}: ${message}`,
    details: { kind: 'PodLogOptions', causes: [{ reason, message, field }] },
  });
}
