import type { Api } from '../api.ts';
import type { Timer } from '../clock.ts';
import { toJsonBytes } from '../codec-json.ts';
import type { Output } from '../http/negotiate.ts';
import type { ApiReply, ApiRequest, ByteStream, StreamSink } from '../http/request.ts';
import { representation, warningHeader } from '../http/respond.ts';
import { partialOf } from '../table/partial.ts';
import { ApiError, internalError } from '../http/status.ts';
import type { Resource } from '../registry/resource.ts';
import type { Representation, Stored, StoreEvent } from '../store/store.ts';
import { tableOf } from '../table/table.ts';
import { listOptions } from './options.ts';
import type { ListOptions } from './options.ts';
import type { Selection, Target } from './read.ts';
import { malformedVersion, selectionOf } from './read.ts';

/** Bytes that a reader may be behind before its watch is ended; it starts anew then. */
const MAX_BACKLOG = 32 * 1024 * 1024;
const BOOKMARK_INTERVAL = 60_000;
/** Without `timeoutSeconds` a watch ends after half an hour to an hour, so that not all end together. */
const DEFAULT_TIMEOUT = 1800;

/** Opens a watch. */
export function watchObjects(
  api: Api,
  request: ApiRequest,
  target: Target,
  output: Output,
  warnings: readonly string[],
): ApiReply {
  const { resource } = target;
  const options = listOptions(request.query, true);
  const { resourceVersion: asked } = options;
  if (asked !== '' && !/^\d+$/.test(asked)) throw malformedVersion(asked, internalError);
  const fieldSelector =
    target.name === ''
      ? options.fieldSelector
      : [options.fieldSelector, `metadata.name=${target.name}`].filter((part) => part !== '').join(',');
  const selection = selectionOf(resource, { labelSelector: options.labelSelector, fieldSelector });
  const stream = new WatchStream(api, target, output, options, selection, request.query.get('includeObject'));
  const headers = {
    'content-type': output.contentType,
    'cache-control': 'no-cache, private',
    ...warningHeader(warnings),
  };
  return { status: 200, headers, stream };
}

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** The line made last: an event goes to all its watches at once, and most of them show it alike. */
let latest: { readonly of: Representation; readonly type: EventType; readonly line: Buffer } | undefined;

/** The line of an event. */
function frame(resource: Resource, type: EventType, stored: Stored): Buffer {
  const of = representation(resource, stored);
  if (latest?.of !== of || latest.type !== type) latest = { of, type, line: lineOf(type, of.bytes) };
  return latest.line;
}

const lineOf = (type: EventType, bytes: Buffer) =>
  Buffer.concat([Buffer.from(`{"type":"${type}","object":`), bytes, Buffer.from('}\n')]);

class WatchStream implements ByteStream {
  readonly #api: Api;
  readonly #target: Target;
  readonly #output: Output;
  readonly #options: ListOptions;
  readonly #selection: Selection;
  readonly #includeObject: string;
  #sink: StreamSink | undefined;
  #unsubscribe: (() => void) | undefined;
  readonly #timers: Timer[] = [];
  #withColumns = true;

  constructor(
    api: Api,
    target: Target,
    output: Output,
    options: ListOptions,
    selection: Selection,
    includeObject: string,
  ) {
    this.#api = api;
    this.#target = target;
    this.#output = output;
    this.#options = options;
    this.#selection = selection;
    this.#includeObject = includeObject;
  }

  start(sink: StreamSink): void {
    this.#sink = sink;
    this.#api.streams.add(this);
    const { resourceVersion, sendInitialEvents, timeoutSeconds } = this.#options;
    const { collection } = this.#target.resource;
    const from = Number(resourceVersion);
    if (from === 0 || sendInitialEvents === true) this.#sendState();
    else {
      const events = collection.since(from);
      if (events === undefined) {
        this.#fail(from, collection.oldest);
        return;
      }
      for (const event of events) this.#onEvent(event);
    }
    if (sendInitialEvents === true) this.#bookmark(true);
    this.#unsubscribe = collection.subscribe((event) => this.#onEvent(event));
    const seconds =
      timeoutSeconds !== undefined && timeoutSeconds > 0 ? timeoutSeconds : DEFAULT_TIMEOUT * (1 + Math.random());
    this.#timers.push(this.#api.clock.setTimer(seconds * 1000, () => this.#runOut()));
    if (this.#options.allowWatchBookmarks) this.#scheduleBookmark();
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.length = 0;
    this.#sink = undefined;
    this.#api.streams.delete(this);
  }

  /** Ends the stream from the server's side. */
  end(): void {
    const sink = this.#sink;
    this.stop();
    sink?.end();
  }

  /** Ends the stream because what it showed is no longer what there is: its reader has to list anew. */
  expire(): void {
    this.#fail(Number(this.#options.resourceVersion), this.#api.store.version);
  }

  #runOut() {
    if (this.#options.allowWatchBookmarks) this.#bookmark(false);
    this.end();
  }

  #scheduleBookmark() {
    const timer = this.#api.clock.setTimer(BOOKMARK_INTERVAL, () => {
      this.#timers.splice(this.#timers.indexOf(timer), 1);
      this.#bookmark(false);
      this.#scheduleBookmark();
    });
    this.#timers.push(timer);
  }

  #sendState() {
    const { resource, namespace } = this.#target;
    for (const stored of resource.collection.inNamespace(namespace)) {
      if (this.#selects(stored)) this.#send('ADDED', stored);
    }
  }

  #fail(from: number, oldest: number) {
    const error = new ApiError({
      code: 410,
      reason: 'Expired',
      message: `too old resource version: ${from} (${oldest})`,
    });
    this.#write(toJsonBytes({ type: 'ERROR', object: error.status }), true);
    this.end();
  }

  #bookmark(initial: boolean) {
    const { resource } = this.#target;
    const metadata = {
      resourceVersion: String(this.#api.store.version),
      ...(initial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    };
    const object = { kind: resource.kind, apiVersion: resource.apiVersion, metadata };
    const shown =
      this.#output.form === 'object'
        ? object
        : this.#output.form === 'partial'
          ? { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
          : tableOf(
              this.#api,
              resource,
              [object],
              { resourceVersion: metadata.resourceVersion },
              this.#includeObject,
              false,
            );
    this.#write(toJsonBytes({ type: 'BOOKMARK', object: shown }), true);
  }

  #selects(stored: Stored): boolean {
    const { matches, only } = this.#selection;
    if (only !== undefined && stored.object.metadata.name !== only) return false;
    return matches === undefined || matches(representation(this.#target.resource, stored).object);
  }

  #onEvent(event: StoreEvent) {
    const { namespace } = this.#target;
    const { stored, previous } = event;
    if (namespace !== '' && stored.object.metadata.namespace !== namespace) return;
    if (this.#selection.matches === undefined) {
      this.#send(event.type, stored);
      return;
    }
    const was = previous !== undefined && this.#selects(previous);
    const is = event.type !== 'DELETED' && this.#selects(stored);
    if (event.type === 'DELETED') {
      if (was) this.#send('DELETED', stored);
    } else if (is) this.#send(was ? 'MODIFIED' : 'ADDED', stored);
    else if (was && previous !== undefined) this.#send('DELETED', withVersion(previous, stored));
  }

  #send(type: EventType, stored: Stored) {
    const { resource } = this.#target;
    if (this.#output.form === 'object' && !this.#output.yaml) {
      this.#write(frame(resource, type, stored), false);
      return;
    }
    const { object } = representation(resource, stored);
    const shown =
      this.#output.form === 'table'
        ? this.#table(object)
        : this.#output.form === 'partial'
          ? partialOf(object)
          : object;
    this.#write(toJsonBytes({ type, object: shown }), true);
  }

  #table(object: Stored['object']): unknown {
    const { resource } = this.#target;
    const table = tableOf(
      this.#api,
      resource,
      [object],
      { resourceVersion: object.metadata.resourceVersion },
      this.#includeObject,
      this.#withColumns,
    );
    this.#withColumns = false;
    return table;
  }

  #write(line: Buffer, newline: boolean) {
    const sink = this.#sink;
    if (sink === undefined) return;
    sink.write(newline ? Buffer.concat([line, NEWLINE]) : line);
    if (sink.backlog > MAX_BACKLOG) this.end();
  }
}

const NEWLINE = Buffer.from('\n');
const departures = new WeakMap<Stored, Stored>();

/** The old content with the version at which the object left the selection. */
function withVersion(previous: Stored, stored: Stored): Stored {
  let departure = departures.get(stored);
  if (departure === undefined) {
    departure = previous.withVersion(stored.version);
    departures.set(stored, departure);
  }
  return departure;
}
