import type { Decisions } from '@typekro/engine/runtime';
import { type LabelMatcher, labelMatcher } from '@typekro/kit/kubernetes';
import { type CacheChange, applySetOf } from './kind-cache.ts';
import { internString } from './intern.ts';

interface ListInterest {
  readonly subscriber: string;
  readonly namespace: string | undefined;
  readonly matches: LabelMatcher;
}

/**
 * The requests of one subscriber for one kind. There are thousands of subscriptions with few entries, and a small array
 * takes less memory than a set.
 */
interface Subscription {
  readonly objects: readonly string[];
  readonly lists: ReadonlyMap<string, ListInterest>;
  /**
   * The namespaces in which the subscriber needs all objects of the kind; `undefined` when it needs only the requested
   * objects.
   */
  readonly hold: readonly string[] | undefined;
}

const NO_LISTS: ReadonlyMap<string, ListInterest> = new Map();

/** The subscribers of one kind, by the objects that they watch. */
export class Subscriptions {
  readonly #bySubscriber = new Map<string, Subscription>();
  /** A single subscriber, which is the common case, is stored without a set. */
  readonly #objects = new Map<string, string | Set<string>>();
  readonly #lists = new Set<ListInterest>();
  /** The latest value of `hold`. Most subscribers share this list. */
  #hold: readonly string[] | undefined;

  /** Is there no subscriber? */
  get empty(): boolean {
    return this.#bySubscriber.size === 0;
  }

  /** Replaces the requests of a subscriber. Without requests and without `hold`, removes the subscriber. */
  set(subscriber: string, requests: readonly Decisions.WatchRequest[], hold: readonly string[] | undefined): void {
    const before = this.#bySubscriber.get(subscriber);
    if (requests.length === 0 && hold === undefined) {
      if (before !== undefined) this.#forget(subscriber, before);
      return;
    }
    const held = this.#shared(hold);
    const objects: string[] = [];
    const lists = new Map<string, ListInterest>();
    for (const request of requests) {
      if (request.kind === 'object')
        objects.push(internString([request.target.namespace ?? '', request.target.name].join('/')));
      else this.#addList(subscriber, request, before, lists);
    }
    // Most steps repeat the requests of the previous step.
    if (before !== undefined && lists.size === 0 && before.lists.size === 0 && isSame(before.objects, objects)) {
      if (!isSameHold(before.hold, held)) this.#bySubscriber.set(subscriber, { ...before, hold: held });
      return;
    }
    // `slice` allocates the exact length.
    const next: Subscription = { objects: objects.slice(), lists: lists.size === 0 ? NO_LISTS : lists, hold: held };
    for (const key of objects) this.#addObject(key, subscriber);
    if (before !== undefined) this.#dropUnwanted(subscriber, before, next);
    this.#bySubscriber.set(subscriber, next);
  }

  /** The subscribers that a change must wake. */
  of(change: CacheChange): Set<string> {
    const subscribers = this.#objects.get(change.key);
    const found = new Set(typeof subscribers === 'string' ? [subscribers] : subscribers);
    for (const interest of this.#lists) {
      if (concerns(interest, change)) found.add(interest.subscriber);
    }
    return found;
  }

  /** The namespaces that subscribers watch. */
  namespaces(): Set<string> {
    const found = new Set<string>();
    for (const { objects, lists, hold } of this.#bySubscriber.values()) {
      for (const key of objects) found.add(key.slice(0, key.indexOf('/')));
      for (const { namespace } of lists.values()) if (namespace !== undefined) found.add(namespace);
      for (const namespace of hold ?? []) found.add(namespace);
    }
    found.delete('');
    return found;
  }

  /**
   * The numbers of requests for objects and for selections. An object or selection that several subscribers request
   * counts once for each subscriber.
   */
  counts(): { readonly objects: number; readonly lists: number } {
    let objects = 0;
    for (const subscription of this.#bySubscriber.values()) objects += subscription.objects.length;
    return { objects, lists: this.#lists.size };
  }

  /** All subscribers. */
  subscribers(): Iterable<string> {
    return this.#bySubscriber.keys();
  }

  /** Returns the previous list when it has the same namespaces, so that subscribers share one list. */
  #shared(hold: readonly string[] | undefined): readonly string[] | undefined {
    if (!isSameHold(this.#hold, hold)) this.#hold = hold?.slice();
    return this.#hold;
  }

  #addList(
    subscriber: string,
    request: Decisions.WatchRequest & { kind: 'list' },
    before: Subscription | undefined,
    lists: Map<string, ListInterest>,
  ): void {
    const { namespace, selector } = request.target;
    const id = `${namespace ?? ''}?${selector}`;
    const interest = lists.get(id) ??
      before?.lists.get(id) ?? { subscriber, namespace, matches: labelMatcher(selector) };
    lists.set(id, interest);
    this.#lists.add(interest);
  }

  #addObject(key: string, subscriber: string): void {
    const subscribers = this.#objects.get(key);
    if (subscribers === undefined) this.#objects.set(key, subscriber);
    else if (typeof subscribers !== 'string') subscribers.add(subscriber);
    else if (subscribers !== subscriber) this.#objects.set(key, new Set([subscribers, subscriber]));
  }

  #dropUnwanted(subscriber: string, before: Subscription, next: Subscription): void {
    const kept = new Set(next.objects);
    for (const key of before.objects) if (!kept.has(key)) this.#dropObject(key, subscriber);
    for (const [id, interest] of before.lists) if (!next.lists.has(id)) this.#lists.delete(interest);
  }

  #forget(subscriber: string, subscription: Subscription): void {
    for (const key of subscription.objects) this.#dropObject(key, subscriber);
    for (const interest of subscription.lists.values()) this.#lists.delete(interest);
    this.#bySubscriber.delete(subscriber);
  }

  #dropObject(key: string, subscriber: string): void {
    const subscribers = this.#objects.get(key);
    if (typeof subscribers === 'object') subscribers.delete(subscriber);
    const isLast = typeof subscribers === 'object' ? subscribers.size === 0 : subscribers === subscriber;
    if (isLast) this.#objects.delete(key);
  }
}

function isSameHold(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && isSame(a, b));
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, index) => key === b[index]);
}

/** Does a change affect a selection? It does when the object is selected before or after the change. */
function concerns(interest: ListInterest, change: CacheChange): boolean {
  return [change.before, change.after].some((live) => {
    if (live === undefined) return false;
    const { namespace, labels } = live.object.metadata;
    return (interest.namespace === undefined || interest.namespace === namespace) && interest.matches(labels);
  });
}

/** The ApplySets of the object before and after a change. */
export function applySetsOf(change: CacheChange): string[] {
  const [before, after] = [applySetOf(change.before), applySetOf(change.after)];
  const left = before === undefined || before === after ? [] : [before];
  return after === undefined ? left : [...left, after];
}
