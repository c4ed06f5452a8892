import type { WatchRequest } from '../../runtime/index.ts';
import { applySetOf } from './kind-cache.ts';
import type { CacheChange } from './kind-cache.ts';
import type { LabelMatcher } from './label-selector.ts';
import { labelMatcher } from './label-selector.ts';

interface ListInterest {
  readonly subscriber: string;
  readonly namespace: string | undefined;
  readonly matches: LabelMatcher;
}

/** What one subscriber wants to hear of in one kind. */
interface Wish {
  readonly objects: Set<string>;
  readonly lists: Map<string, ListInterest>;
  /** Namespaces in which it holds the kind itself; `undefined` when it does not hold it. */
  readonly hold: ReadonlySet<string> | undefined;
}

/** Who wants to hear of which objects of one kind. */
export class Interests {
  readonly #wishes = new Map<string, Wish>();
  readonly #objects = new Map<string, Set<string>>();
  readonly #lists = new Set<ListInterest>();

  /** Is nobody interested? */
  get empty(): boolean {
    return this.#wishes.size === 0;
  }

  /** Replaces what a subscriber wants; no requests take it out, unless `hold` keeps it for the kind itself. */
  set(subscriber: string, requests: readonly WatchRequest[], hold: ReadonlySet<string> | undefined): void {
    const before = this.#wishes.get(subscriber);
    if (requests.length === 0 && hold === undefined) {
      if (before !== undefined) this.#forget(subscriber, before);
      return;
    }
    const next: Wish = { objects: new Set(), lists: new Map(), hold };
    for (const request of requests) {
      if (request.kind === 'object') next.objects.add(`${request.target.namespace ?? ''}/${request.target.name}`);
      else this.#addList(subscriber, request, before, next);
    }
    for (const key of next.objects) this.#addObject(key, subscriber);
    if (before !== undefined) this.#dropUnwanted(subscriber, before, next);
    this.#wishes.set(subscriber, next);
  }

  /** Who is to hear of a change. */
  of(change: CacheChange): Set<string> {
    const found = new Set(this.#objects.get(change.key));
    for (const interest of this.#lists) {
      if (wants(interest, change)) found.add(interest.subscriber);
    }
    return found;
  }

  /** Namespaces in which somebody wants something. */
  namespaces(): Set<string> {
    const found = new Set<string>();
    for (const { objects, lists, hold } of this.#wishes.values()) {
      for (const key of objects) found.add(key.slice(0, key.indexOf('/')));
      for (const { namespace } of lists.values()) if (namespace !== undefined) found.add(namespace);
      for (const namespace of hold ?? []) found.add(namespace);
    }
    found.delete('');
    return found;
  }

  /** Everybody. */
  subscribers(): Iterable<string> {
    return this.#wishes.keys();
  }

  #addList(subscriber: string, request: WatchRequest & { kind: 'list' }, before: Wish | undefined, next: Wish): void {
    const { namespace, selector } = request.target;
    const id = `${namespace ?? ''}?${selector}`;
    const interest = before?.lists.get(id) ?? { subscriber, namespace, matches: labelMatcher(selector) };
    next.lists.set(id, interest);
    this.#lists.add(interest);
  }

  #addObject(key: string, subscriber: string): void {
    const subscribers = this.#objects.get(key);
    if (subscribers === undefined) this.#objects.set(key, new Set([subscriber]));
    else subscribers.add(subscriber);
  }

  #dropUnwanted(subscriber: string, before: Wish, next: Wish): void {
    for (const key of before.objects) if (!next.objects.has(key)) this.#dropObject(key, subscriber);
    for (const [id, interest] of before.lists) if (!next.lists.has(id)) this.#lists.delete(interest);
  }

  #forget(subscriber: string, wish: Wish): void {
    for (const key of wish.objects) this.#dropObject(key, subscriber);
    for (const interest of wish.lists.values()) this.#lists.delete(interest);
    this.#wishes.delete(subscriber);
  }

  #dropObject(key: string, subscriber: string): void {
    const subscribers = this.#objects.get(key);
    subscribers?.delete(subscriber);
    if (subscribers?.size === 0) this.#objects.delete(key);
  }
}

/** An object that leaves a selection concerns it as much as one that enters. */
function wants(interest: ListInterest, change: CacheChange): boolean {
  return [change.before, change.after].some((live) => {
    if (live === undefined) return false;
    const { namespace, labels } = live.object.metadata;
    return (interest.namespace === undefined || interest.namespace === namespace) && interest.matches(labels);
  });
}

/** The ApplySets that a change concerns: that of the object as it was and as it is. */
export function applySetsOf(change: CacheChange): string[] {
  const sets = new Set([applySetOf(change.before), applySetOf(change.after)]);
  return [...sets].filter((set) => set !== undefined);
}
