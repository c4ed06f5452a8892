import type { KubeObject } from '../../core/index.ts';
import type { ApiFailure, ObjectType } from '../../runtime/index.ts';
import { keys } from '../../runtime/index.ts';

/** What is known of one object of a table. */
export type KnownState =
  | { readonly state: 'present'; readonly object: KubeObject }
  | { readonly state: 'absent' | 'unknown' }
  | { readonly state: 'failed'; readonly failure: ApiFailure };

/** The key of an object in its table. */
export function tableKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

/** The objects of one kind, as far as they were read. */
export class KindTable {
  readonly type: ObjectType;
  /** The server does not know the kind. */
  isServed = true;
  /** Are all objects of the kind here? */
  isWhole = false;
  /** Namespaces of which all owned objects are here; `*` for all. */
  readonly owned = new Set<string>();
  /** Why owned objects of a namespace (`*` for all) are not here. */
  readonly failures = new Map<string, ApiFailure>();
  /** The keys of all objects of a namespace (`*` for all) that was listed by names, or that it may not be. */
  readonly names = new Map<string, ReadonlySet<string> | 'unread'>();
  readonly #objects = new Map<string, KubeObject>();
  readonly #absent = new Set<string>();
  readonly #failed = new Map<string, ApiFailure>();
  #byApplySet: Map<string, KubeObject[]> | undefined;

  constructor(type: ObjectType) {
    this.type = type;
  }

  /** Takes objects in, with the type that items of lists leave out. */
  add(objects: Iterable<KubeObject>): void {
    for (const object of objects) {
      const { namespace, name = '' } = object.metadata;
      this.#objects.set(tableKey(namespace, name), object);
    }
    this.#byApplySet = undefined;
  }

  setAbsent(key: string): void {
    this.#absent.add(key);
  }

  setFailed(key: string, failure: ApiFailure): void {
    this.#failed.set(key, failure);
  }

  all(): Iterable<KubeObject> {
    return this.#objects.values();
  }

  look(key: string): KnownState {
    const object = this.#objects.get(key);
    if (object !== undefined) return { state: 'present', object };
    if (this.isWhole || !this.isServed || this.#absent.has(key)) return { state: 'absent' };
    const failure = this.#failed.get(key);
    return failure === undefined ? { state: 'unknown' } : { state: 'failed', failure };
  }

  /** The members of an ApplySet. */
  members(applySet: string): readonly KubeObject[] {
    this.#byApplySet ??= grouped(this.#objects.values(), applySetOf);
    return this.#byApplySet.get(applySet) ?? [];
  }
}

const applySetOf = ({ metadata }: KubeObject): string => metadata.labels?.[keys.PART_OF_LABEL] ?? '';

/** The items by their keys, in their order. */
export function grouped<Item>(items: Iterable<Item>, keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
