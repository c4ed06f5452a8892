import { count } from '@typekro/kit/core';
import type { EventLog, InspectEvent } from '@typekro/controller/inspect';
import type { Clock, KubernetesApi } from '@typekro/kube';
import { type ChildSelection, isEvent } from './child-selections.ts';
import { ChildWatch } from './child-watch.ts';

/**
 * The time for which the objects of an instance are watched after its last read, in milliseconds. A page that shows the
 * instance reads it each minute.
 */
export const FOLLOW_MS = 150_000;

/** The maximum number of instances whose objects are watched. */
export const MAX_FOLLOWED = 24;

/** The maximum number of watches for one instance. */
export const MAX_WATCHES = 40;

/** The options of `ChildChanges`. */
export interface ChildChangesOptions {
  /** The client of this process. */
  readonly api: Pick<KubernetesApi, 'watch'>;
  readonly clock: Clock;
  /**
   * Receives `event-recorded` for each change of an Event, and `object-changed` for each change of any other object.
   */
  readonly log: EventLog;
}

interface FollowedWatch {
  readonly watch: ChildWatch;
  expiry: { cancel(): void };
}

/**
 * Watches the objects of the instances that clients look at. The status of an instance often stays the same when one of
 * its objects changes, for example when another client edits a field. The watches read metadata only. Clients with
 * different rights can select different objects, so each watch ends `FOLLOW_MS` after the last read that selected its
 * objects.
 */
export class ChildChanges {
  readonly #options: ChildChangesOptions;
  /**
   * The watches of each instance, keyed by the keys of their selections. The watches of an instance are in the order of
   * their last reads.
   */
  readonly #followed = new Map<string, Map<string, FollowedWatch>>();
  readonly #ended = new Set<Promise<void>>();
  #isClosed = false;

  constructor(options: ChildChangesOptions) {
    this.#options = options;
  }

  /** The number of open watches. */
  get watches(): number {
    return [...this.#followed.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Watches these objects of an instance from now on. Returns sentences about kinds that cannot be watched. Failures of
   * new watches appear in the result of the next call, and an event of the instance reports that the sentences have
   * changed. After `close` nothing is watched.
   */
  follow(ref: string, selections: readonly ChildSelection[]): readonly string[] {
    if (this.#isClosed) return [];
    const watches = this.#followed.get(ref) ?? new Map<string, FollowedWatch>();
    // An additional instance does not end the watches of an earlier instance. If it did, open pages would end each
    // other's watches.
    if (!this.#followed.has(ref) && this.#followed.size >= MAX_FOLLOWED) {
      return [`changes of objects are not followed: ${MAX_FOLLOWED} other instances are open`];
    }
    const wanted = selections.slice(0, MAX_WATCHES);
    for (const selection of wanted) {
      const before = watches.get(selection.key);
      before?.expiry.cancel();
      before?.watch.extend(selection);
      watches.delete(selection.key);
      watches.set(selection.key, {
        watch: before?.watch ?? this.#watch(ref, selection),
        expiry: this.#options.clock.setTimer(FOLLOW_MS, () => this.#end(ref, selection.key)),
      });
    }
    if (watches.size > 0) this.#followed.set(ref, watches);
    const tooMany = [...watches.keys()].slice(0, Math.max(0, watches.size - MAX_WATCHES));
    for (const key of tooMany) this.#end(ref, key);

    const failed = wanted.flatMap(({ key }) => watches.get(key)?.watch.note ?? []);
    const omitted = selections.length - wanted.length;
    const limit =
      omitted === 0
        ? []
        : [`changes of ${count(omitted, 'more object or kind', 'more objects or kinds')} are not followed`];
    return [...new Set([...failed, ...limit])];
  }

  /** Ends all watches. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const [ref, watches] of this.#followed) for (const key of watches.keys()) this.#end(ref, key);
    await Promise.all(this.#ended);
  }

  #end(ref: string, key: string): void {
    const watches = this.#followed.get(ref);
    const found = watches?.get(key);
    if (watches === undefined || found === undefined) return;
    found.expiry.cancel();
    watches.delete(key);
    if (watches.size === 0) this.#followed.delete(ref);
    const finished = found.watch.end();
    this.#ended.add(finished);
    void finished.then(() => this.#ended.delete(finished));
  }

  #watch(ref: string, selection: ChildSelection): ChildWatch {
    const { api, clock, log } = this.#options;
    const { kind } = selection.type;
    const type = isEvent(selection.type) ? 'event-recorded' : 'object-changed';
    const add = (event: InspectEvent['type'], message: string): void =>
      log.add({ at: clock.now(), type: event, subject: ref, message });
    return new ChildWatch({
      api,
      selection,
      changed: (what) => add(type, `${kind} ${what}`),
      // The event has no details; a page reads the note with the details of the instance.
      noted: (what) => add('object-changed', `${kind} ${what}`),
    });
  }
}
