import type { KubeObject } from '../../core/index.ts';
import type { EventLog } from '../../inspect/index.ts';
import type { Clock, KubernetesApi } from '../../kube/index.ts';
import type { ChildSelection } from './child-selections.ts';
import { keyOf, watchKind } from './watched-kind.ts';

/**
 * The time for which the objects of an instance are watched after its last read, in milliseconds. A page that shows the
 * instance reads it each minute.
 */
export const FOLLOW_MS = 150_000;

/** The maximum number of instances whose objects are watched. The instance with the oldest read is dropped first. */
const MAX_FOLLOWED = 24;

/** The maximum number of watches for one instance. */
const MAX_WATCHES = 40;

/** The options of `ChildChanges`. */
export interface ChildChangesOptions {
  /** The client of this process. */
  readonly api: Pick<KubernetesApi, 'watch'>;
  readonly clock: Clock;
  /** Gets an event `object-changed` for each change. */
  readonly log: EventLog;
}

interface ChildWatch {
  readonly kind: string;
  readonly ending: AbortController;
  readonly finished: Promise<void>;
  /** Why the watch fails at present. */
  failure: string | undefined;
}

interface FollowedInstance {
  readonly watches: Map<string, ChildWatch>;
  expiry: { cancel(): void };
}

/**
 * Watches the objects of the instances that clients look at. The status of an instance often stays the same when one of
 * its objects changes, for example when another client edits a field. The watches read metadata only, and end some time
 * after the last client has read the instance.
 */
export class ChildChanges {
  readonly #options: ChildChangesOptions;
  /** The followed instances, in the order of their last reads. */
  readonly #followed = new Map<string, FollowedInstance>();
  readonly #ended = new Set<Promise<void>>();

  constructor(options: ChildChangesOptions) {
    this.#options = options;
  }

  /** The number of open watches. */
  get watches(): number {
    return [...this.#followed.values()].reduce((sum, { watches }) => sum + watches.size, 0);
  }

  /**
   * Watches these objects of an instance from now on, and no others. Returns what cannot be watched, as sentences. The
   * sentences about new watches are in the result of the next call.
   */
  follow(ref: string, selections: readonly ChildSelection[]): readonly string[] {
    const before = this.#followed.get(ref);
    before?.expiry.cancel();
    this.#followed.delete(ref);
    const followed: FollowedInstance = {
      watches: before?.watches ?? new Map<string, ChildWatch>(),
      expiry: this.#options.clock.setTimer(FOLLOW_MS, () => this.#drop(ref)),
    };
    this.#followed.set(ref, followed);
    const [oldest] = this.#followed.keys();
    if (this.#followed.size > MAX_FOLLOWED && oldest !== undefined) this.#drop(oldest);

    const wanted = new Map(selections.slice(0, MAX_WATCHES).map((selection) => [selection.key, selection]));
    for (const [key, watch] of followed.watches) {
      if (wanted.has(key)) continue;
      this.#end(watch);
      followed.watches.delete(key);
    }
    for (const [key, selection] of wanted) {
      if (!followed.watches.has(key)) followed.watches.set(key, this.#watch(ref, selection));
    }
    const failed = [...followed.watches.values()].flatMap(({ kind, failure }) =>
      failure === undefined ? [] : [`changes of ${kind} are not followed: ${failure}`],
    );
    const omitted = Math.max(0, selections.length - MAX_WATCHES);
    const limit = omitted === 0 ? [] : [`changes of ${omitted} more objects or kinds are not followed`];
    return [...new Set([...failed, ...limit])];
  }

  /** Ends all watches. */
  async close(): Promise<void> {
    for (const ref of this.#followed.keys()) this.#drop(ref);
    await Promise.all(this.#ended);
  }

  #drop(ref: string): void {
    const followed = this.#followed.get(ref);
    if (followed === undefined) return;
    this.#followed.delete(ref);
    followed.expiry.cancel();
    for (const watch of followed.watches.values()) this.#end(watch);
  }

  #end({ ending, finished }: ChildWatch): void {
    ending.abort();
    this.#ended.add(finished);
    void finished.then(() => this.#ended.delete(finished));
  }

  #watch(ref: string, selection: ChildSelection): ChildWatch {
    const { api, clock, log } = this.#options;
    const { type, only, seen, namespace, labelSelector, fieldSelector } = selection;
    const versions = new Map(seen);
    const ending = new AbortController();
    const changed = (message: string): void =>
      log.add({ at: clock.now(), type: 'object-changed', subject: ref, message: `${type.kind} ${message}` });
    const watch: ChildWatch = {
      kind: type.kind,
      ending,
      failure: undefined,
      finished: watchKind(
        api,
        type,
        {
          changed: (object: KubeObject, isFirst) => {
            const key = keyOf(object);
            if (only?.has(key) === false) return;
            const version = object.metadata.resourceVersion ?? '';
            const before = versions.get(key);
            versions.set(key, version);
            // A list after a lost connection repeats objects that did not change.
            if (before !== version && !(isFirst && seen === undefined)) changed('changed');
          },
          removed: (key) => {
            if (only?.has(key) === false) return;
            versions.delete(key);
            changed('was removed');
          },
          failed: (error) => (watch.failure = error?.message),
        },
        () => undefined,
        ending.signal,
        {
          metadataOnly: true,
          ...(namespace === undefined ? {} : { namespace }),
          ...(labelSelector === undefined ? {} : { labelSelector }),
          ...(fieldSelector === undefined ? {} : { fieldSelector }),
        },
      ),
    };
    return watch;
  }
}
