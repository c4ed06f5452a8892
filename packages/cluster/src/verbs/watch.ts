import { getOrInsert } from '@typekro/kit/core';
import type { KubeObject } from '@typekro/kit/core';
import type { ClusterClock, Timer } from '../cluster-clock.ts';
import { toJsonBytes } from '../codec/json.ts';
import { type FormsContext, prepareForms } from '../conversion/forms.ts';
import type { Output, TablePrinter } from '../protocol/negotiate.ts';
import type { OpenStreams } from '../protocol/open-streams.ts';
import { PacedWriter } from '../protocol/paced-writer.ts';
import type { ApiReply, ApiRequest, ByteStream, StreamSink } from '../protocol/request.ts';
import { representation } from './respond.ts';
import { checkIncludeObject, partialOf } from '../table/partial-object.ts';
import { ApiError, badRequest, expired, internalError } from '../errors/api-error.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { Representation } from '../store/representation.ts';
import type { Store, StoreEvent } from '../store/store.ts';
import type { Stored } from '../store/stored.ts';
import { type ListRequestOptions, listOptions } from './request-options.ts';
import type { ListSelection, RequestTarget, SelectionContext } from './read.ts';
import { parseVersion, selectionOf, untilVersion } from './read.ts';
import { warningHeader } from '../protocol/reply.ts';

/** The maximum number of events that a watch takes at once. */
const MAX_EVENTS = 100;
const BOOKMARK_INTERVAL_MS = 60_000;
/**
 * The minimum duration of a watch without `timeoutSeconds`. The actual duration is random, up to twice this value, so
 * that watches do not all end at the same time.
 */
const DEFAULT_TIMEOUT_SECONDS = 1800;

/** The parts of the cluster that a watch uses in addition to its collection. */
export interface WatchContext extends SelectionContext, FormsContext {
  readonly store: Pick<Store, 'version' | 'subscribe'>;
  readonly clock: ClusterClock;
  readonly streams: OpenStreams;
  /** Receives unexpected errors, i.e. errors that are not an `ApiError`. */
  readonly report: (thrown: unknown) => void;
}

/**
 * Opens a watch.
 *
 * @throws ApiError 429 when the user has too many streams, and 500 when a conversion webhook does not convert the current
 *   objects.
 */
export async function watchObjects(
  context: WatchContext,
  request: ApiRequest,
  target: RequestTarget,
  output: Output,
  warnings: readonly string[],
): Promise<ApiReply> {
  const { resource } = target;
  const options = listOptions(request.query, true);
  const selection = selectionOf(context, resource, { ...options, fieldSelector: fieldSelectorOf(options, target) });
  if (target.name !== '' && selection.onlyName !== target.name)
    throw badRequest("fieldSelector metadata.name doesn't match requested name");
  const from = parseVersion(options.resourceVersion, internalError);
  const includeObject = request.query.get('includeObject');
  if (output.form === 'table') checkIncludeObject(includeObject);
  if (resource.custom?.conversion !== undefined && startsFromState({ ...options, from }))
    await prepareForms(context, resource, resource.collection.inNamespace(target.namespace));
  const stream = new WatchStream(context, target, output, { ...options, from }, selection, includeObject);
  context.streams.add(stream, request.user.name);
  const headers = {
    'content-type': output.contentType,
    'cache-control': 'no-cache, private',
    ...warningHeader(warnings),
  };
  return { status: 200, headers, stream, isWatch: true };
}

/** The options of a watch. `from` is its parsed `resourceVersion`; 0 if the request has no `resourceVersion`. */
type WatchOptions = ListRequestOptions & { readonly from: number };

/**
 * The field selector of a watch. If the request has none, and the path has a name, it selects the object with this
 * name.
 */
const fieldSelectorOf = ({ fieldSelector }: ListRequestOptions, { name }: RequestTarget): string =>
  name === '' || fieldSelector !== '' ? fieldSelector : `metadata.name=${name}`;

/**
 * Does the watch begin with the current objects? By default, only if the request has no `resourceVersion` or the
 * version 0, because a client that names another version already has the objects.
 */
const startsFromState = ({ from, sendInitialEvents }: WatchOptions): boolean => sendInitialEvents ?? from === 0;

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** Caches the latest line. An event is sent to all watches in turn, and most watches send the same bytes. */
let latest:
  | {
      readonly of: Representation;
      readonly type: EventType;
      readonly partial: string | undefined;
      readonly line: Buffer;
    }
  | undefined;

/** Serializes an event as one line. With `partial`, only the object's metadata, in this version of `meta.k8s.io`. */
function frame(resource: ServedResource, type: EventType, stored: Stored, partial: string | undefined): Buffer {
  const of = representation(resource, stored);
  if (latest?.of !== of || latest.type !== type || latest.partial !== partial) {
    const bytes = partial === undefined ? of.bytes : toJsonBytes(partialOf(of.object, partial));
    latest = { of, type, partial, line: lineOf(type, bytes) };
  }
  return latest.line;
}

const lineOf = (type: EventType | 'BOOKMARK' | 'ERROR', bytes: Buffer) =>
  Buffer.concat([Buffer.from(`{"type":"${type}","object":`), bytes, Buffer.from('}\n')]);

class WatchStream implements ByteStream {
  readonly isWatch = true;
  readonly #context: WatchContext;
  readonly #target: RequestTarget;
  readonly #output: Output;
  readonly #options: WatchOptions;
  readonly #selection: ListSelection;
  readonly #includeObject: string;
  #sink: StreamSink | undefined;
  #writer: PacedWriter | undefined;
  #unsubscribe: (() => void) | undefined;
  readonly #timers: Timer[] = [];
  #withColumns = true;
  /** The state with which the watch begins, until it is written. */
  #state: readonly Stored[] | undefined;
  /** The version of the state or of the last event that the watch has taken. The collection has the later events. */
  #position = 0;
  /** The version up to which a webhook has converted the objects. */
  #converted = Infinity;
  /** Does the watch wait for a webhook? */
  #isConverting = false;

  constructor(
    context: WatchContext,
    target: RequestTarget,
    output: Output,
    options: WatchOptions,
    selection: ListSelection,
    includeObject: string,
  ) {
    this.#context = context;
    this.#target = target;
    this.#output = output;
    this.#options = options;
    this.#selection = selection;
    this.#includeObject = includeObject;
  }

  start(sink: StreamSink): void {
    const { streams, store } = this.#context;
    // The cluster was closed or restored between the request and this call.
    if (!streams.has(this)) return sink.end();
    this.#sink = sink;
    this.#writer = new PacedWriter(sink, this.#context, {
      unsent: () => this.#lines(),
      done: () => {
        if (this.#events().length > 0) this.#send();
      },
      failed: (thrown) => this.#endWith(thrown),
      stop: () => this.stop(),
    });
    const { from, sendInitialEvents } = this.#options;
    if (sendInitialEvents !== true || from <= store.version) this.#begin();
    else void this.#beginAt(from);
  }

  /** Begins the watch when the store reaches the version. Sends an error if the store does not reach it in time. */
  async #beginAt(version: number): Promise<void> {
    try {
      await untilVersion(this.#context, version);
      if (this.#sink !== undefined) this.#begin();
    } catch (thrown) {
      this.#endWith(thrown);
    }
  }

  #begin(): void {
    const { from, timeoutSeconds } = this.#options;
    const { collection } = this.#target.resource;
    const { version } = this.#context.store;
    const fromState = startsFromState(this.#options);
    // A client that requests neither the current state nor a version gets only new events.
    this.#position = fromState || from === 0 ? version : from;
    if (!fromState && this.#position < collection.oldest) {
      this.#refuse(tooOld(from, collection.oldest));
      return;
    }
    if (fromState) this.#state = collection.inNamespace(this.#target.namespace);
    this.#unsubscribe = collection.subscribe((event) => this.#onEvent(event));
    this.#send(this);
    if (this.#sink === undefined) return;
    const seconds =
      timeoutSeconds !== undefined && timeoutSeconds > 0
        ? timeoutSeconds
        : DEFAULT_TIMEOUT_SECONDS * (1 + Math.random());
    this.#timers.push(this.#context.clock.setTimer(seconds * 1000, () => this.#runOut()));
    if (this.#options.allowWatchBookmarks) this.#scheduleBookmark();
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.length = 0;
    this.#writer?.stop();
    this.#sink = undefined;
    this.#state = undefined;
    this.#context.streams.delete(this);
  }

  /** Ends the stream: if a line is being written, after the client has read it. */
  end(): void {
    if (this.#writer === undefined) this.stop();
    else this.#writer.end();
  }

  /** Ends the stream with 410 after the state of the cluster was replaced, so that the client lists again. */
  expire(): void {
    this.#refuse(tooOld(this.#options.from, this.#context.store.version));
  }

  #runOut() {
    if (this.#options.allowWatchBookmarks) this.#bookmark();
    this.end();
  }

  #scheduleBookmark() {
    const timer = this.#context.clock.setTimer(BOOKMARK_INTERVAL_MS, () => {
      this.#timers.splice(this.#timers.indexOf(timer), 1);
      this.#bookmark();
      this.#scheduleBookmark();
    });
    this.#timers.push(timer);
  }

  /** Yields the lines that are not sent yet: first those of the state, and then those of the later events. */
  *#lines(): Generator<Buffer> {
    if (this.#state !== undefined) {
      // Stored objects are immutable, so even a slow client gets the state at the start of the watch.
      for (const stored of this.#state) {
        if (this.#writer?.isEnding === true) return;
        if (this.#selects(stored)) yield this.#line('ADDED', stored);
      }
      if (this.#options.sendInitialEvents === true && this.#options.allowWatchBookmarks)
        yield this.#bookmarkLine(this.#position, true);
      this.#state = undefined;
    }
    for (;;) {
      // `done` reports that the collection no longer has the events, after the lines before them are written.
      const events = this.#target.resource.collection.since(this.#position, MAX_EVENTS) ?? [];
      if (events.length === 0) return;
      for (const event of events) {
        if (this.#writer?.isEnding === true || event.stored.version > this.#converted) return;
        this.#position = event.stored.version;
        const line = this.#lineOf(event);
        if (line !== undefined) yield line;
      }
    }
  }

  /**
   * The next events after `#position`. Only some of them, because a client that does not read would keep the list.
   *
   * @throws ApiError 410 when the collection no longer has them
   */
  #events(): readonly StoreEvent[] {
    const { collection } = this.#target.resource;
    const events = collection.since(this.#position, MAX_EVENTS);
    if (events === undefined) throw tooOld(this.#position, collection.oldest);
    return events;
  }

  /** Ends the stream with an error. */
  #endWith(thrown: unknown) {
    const error = thrown instanceof ApiError ? thrown : internalError('Internal error occurred');
    if (error !== thrown) this.#context.report(thrown);
    this.#refuse(error);
  }

  /** Sends what is not sent yet, when the webhook of the definition has converted it. */
  #send(cause?: object): void {
    if (this.#target.resource.custom?.conversion === undefined) this.#writer?.wake(cause);
    else void this.#sendConverted();
  }

  /** If the webhook fails for an object, ends the watch; the client then lists again, and gets the error. */
  async #sendConverted(): Promise<void> {
    this.#isConverting = true;
    try {
      // The conversion starts in the next microtask. By then, the write that caused the event has stored the converted
      // form of its object.
      await Promise.resolve();
      const events = this.#events();
      this.#converted = events.at(-1)?.stored.version ?? this.#position;
      await prepareForms(this.#context, this.#target.resource, [...(this.#state ?? []), ...objectsOf(events)]);
      this.#isConverting = false;
      this.#writer?.wake();
    } catch (thrown) {
      this.#endWith(thrown);
    }
  }

  get #isBusy(): boolean {
    return this.#isConverting || this.#writer?.isBusy === true;
  }

  /** Sends an error and ends the stream. */
  #refuse(error: ApiError) {
    if (this.#writer?.isBusy !== true) this.#sink?.write(lineOf('ERROR', toJsonBytes(error.status)));
    this.end();
  }

  #bookmark() {
    // A client that has not got all events has not reached the version of the bookmark yet.
    if (!this.#isBusy) this.#sink?.write(this.#bookmarkLine(this.#context.store.version, false));
  }

  #bookmarkLine(version: number, initial: boolean): Buffer {
    const { resource } = this.#target;
    const metadata = {
      resourceVersion: String(version),
      ...(initial ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
    };
    const object = { kind: resource.kind, apiVersion: resource.apiVersion, metadata };
    const shown =
      this.#output.form === 'table'
        ? this.#table(this.#output.tableOf, object, false)
        : this.#output.form === 'partial'
          ? partialOf(object, this.#output.version)
          : object;
    return lineOf('BOOKMARK', toJsonBytes(shown));
  }

  #selects(stored: Stored): boolean {
    const { matches, onlyName: only } = this.#selection;
    if (only !== undefined && stored.object.metadata.name !== only) return false;
    return matches === undefined || matches(representation(this.#target.resource, stored).object);
  }

  #onEvent({ stored }: StoreEvent) {
    if (!this.#isBusy && stored.version > this.#position) this.#send(stored);
    // The client is slow, and what it has not read yet would only be kept for it.
    else if (this.#target.resource.collection.oldest > this.#position) this.end();
  }

  /** The line of an event; `undefined` when this watch does not select the object. */
  #lineOf(event: StoreEvent): Buffer | undefined {
    const { namespace } = this.#target;
    const { stored, previous } = event;
    // If the requested version did not exist yet at the start, events up to this version are skipped.
    if (stored.version <= this.#options.from) return undefined;
    if (namespace !== '' && stored.object.metadata.namespace !== namespace) return undefined;
    const { matches, onlyName: only } = this.#selection;
    if (matches === undefined) return this.#line(event.type, stored);
    if (only !== undefined && stored.object.metadata.name !== only) return undefined;
    const wasSelected = previous !== undefined && this.#selects(previous);
    const isSelected = event.type !== 'DELETED' && this.#selects(stored);
    if (event.type === 'DELETED') return wasSelected ? this.#line('DELETED', stored) : undefined;
    if (isSelected) return this.#line(wasSelected ? 'MODIFIED' : 'ADDED', stored);
    return wasSelected ? this.#line('DELETED', withVersion(previous, stored)) : undefined;
  }

  #line(type: EventType, stored: Stored): Buffer {
    const { resource } = this.#target;
    if (this.#output.form !== 'table')
      return frame(resource, type, stored, this.#output.form === 'partial' ? this.#output.version : undefined);
    const shown = this.#table(this.#output.tableOf, representation(resource, stored).object, this.#withColumns);
    // Only the first event contains the column definitions; bookmarks never contain them.
    this.#withColumns = false;
    return lineOf(type, toJsonBytes(shown));
  }

  #table(tableOf: TablePrinter, object: KubeObject, withColumns: boolean): unknown {
    const { resourceVersion } = object.metadata;
    const options = { includeObject: this.#includeObject, withColumns };
    return tableOf(this.#target.resource, [object], { resourceVersion }, options);
  }
}

/** The objects of events: the state after each event, and the state before it. */
const objectsOf = (events: readonly StoreEvent[]): Stored[] =>
  events.flatMap(({ stored, previous }) => (previous === undefined ? [stored] : [previous, stored]));

const tooOld = (version: number, oldest: number): ApiError =>
  expired(`too old resource version: ${version} (${oldest})`);

const departures = new WeakMap<Stored, Stored>();

/** The old content of an object, with the resource version at which the object left the selection. */
function withVersion(previous: Stored, stored: Stored): Stored {
  return getOrInsert(departures, stored, () => previous.withVersion(stored.version));
}
