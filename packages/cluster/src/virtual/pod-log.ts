import type { KubeObject } from '@typekro/kit/core';
import { goParseInt, goQuote } from '@typekro/kit/golang';
import { optionalAt, textAt } from '@typekro/kit/kubernetes';
import type { ApiReply, ApiRequest, ByteStream } from '../protocol/request.ts';
import type { Route } from '../verbs/route.ts';
import { ApiError, badRequest, methodNotAllowed } from '../errors/api-error.ts';
import type { LogLine, PodLogs } from '../pod-logs.ts';
import { containerOf, containerStatus, podOf, SIMULATED_NOTE } from './pod-container.ts';
import { warningHeader } from '../protocol/reply.ts';
import type { ClusterClock } from '../cluster-clock.ts';
import { storeKey } from '../store/store.ts';
import type { ProcessRuntime } from '../processes/process-runtime.ts';

/** The options of a log request: which part of the log is returned, and how it is formatted. */
interface LogOptions {
  readonly tailLines: number | undefined;
  /** The time of the first line to return, in milliseconds since the epoch. */
  readonly since: number | undefined;
  readonly limitBytes: number | undefined;
  readonly timestamps: boolean;
  readonly follow: boolean;
}

/** The parts of the cluster that a log request uses. */
export interface LogContext {
  readonly logs: Pick<PodLogs, 'read' | 'previous' | 'follow'>;
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
  const format = (line: LogLine) => Buffer.from(shownLine(line, options));
  const lines = isPrevious ? previousLines(context, pod, container) : context.logs.read(pod, container);
  const text = select(lines, options);
  // The note is in a header and not in the body, so that programs read only the lines of the container.
  const note = warningHeader(
    lines.length > 0 || context.processes?.find(pod) !== undefined
      ? []
      : [`the log of container ${goQuote(container)} is empty: ${SIMULATED_NOTE}`],
  );
  const headers = { 'content-type': 'text/plain', 'cache-control': 'no-cache, private', ...note };
  if (!options.follow || isPrevious || !mayContinue(pod, container)) return { status: 200, headers, body: text };
  const stream = untilEnd(context.logs.follow(pod, container, text, format), route, pod, container);
  return { status: 200, headers, stream };
}

/** The stream of a followed log, which also ends when its container has ended. */
function untilEnd(
  log: ByteStream,
  { resource, namespace, name }: Route,
  pod: KubeObject,
  container: string,
): ByteStream {
  const { collection } = resource;
  const key = storeKey(namespace, name);
  let unsubscribe = (): void => undefined;
  const stop = () => {
    unsubscribe();
    log.stop();
  };
  return {
    start(sink) {
      log.start(sink);
      const endAfter = (object: KubeObject | undefined) => {
        const isSame = object?.metadata.uid === pod.metadata.uid;
        if (object !== undefined && isSame && mayContinue(object, container)) return;
        stop();
        sink.end();
      };
      unsubscribe = collection.subscribe(({ type, stored }) => {
        const { object } = stored;
        if (object.metadata.uid === pod.metadata.uid) endAfter(type === 'DELETED' ? undefined : object);
      });
      // The container may have ended before the subscription began.
      endAfter(collection.get(key)?.object);
    },
    stop,
  };
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

function select(lines: readonly LogLine[], options: LogOptions): Buffer {
  const { since, tailLines, limitBytes } = options;
  const recent = since === undefined ? lines : lines.filter(({ time }) => time >= since);
  const tail = tailLines === undefined ? recent : recent.slice(Math.max(0, recent.length - tailLines));
  const text = tail.map((line) => shownLine(line, options)).join('');
  const bytes = Buffer.from(tailLines === undefined ? text : lastLines(text, tailLines));
  return limitBytes === undefined ? bytes : bytes.subarray(0, limitBytes);
}

function lastLines(text: string, count: number): string {
  let start = text.length;
  for (let left = count; start > 0 && left > 0; left -= 1)
    start = start < 2 ? 0 : text.lastIndexOf('\n', start - 2) + 1;
  return text.slice(start);
}

function shownLine({ time, text }: LogLine, { timestamps }: LogOptions): string {
  if (!timestamps) return `${text}\n`;
  const prefix = `${new Date(time).toISOString().replace('Z', '000000Z')} `;
  return `${prefix}${text.replaceAll('\n', `\n${prefix}`)}\n`;
}

/** Parses the options in the query. Throws 400 for a malformed value, and 422 for an invalid value. */
function logOptions({ query }: ApiRequest, now: number): LogOptions {
  const number = (name: string, least: number): number | undefined => {
    const text = query.get(name);
    if (text === '') return undefined;
    const parsed = goParseInt(text);
    if (!parsed.ok) throw badRequest(parsed.error);
    const value = Number(parsed.value);
    if (value >= least) return value;
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
