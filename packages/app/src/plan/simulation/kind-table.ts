import { type KubeObject, grouped } from '@typekro/kit/core';
import { type ObjectType, type Reports, keys } from '@typekro/engine/runtime';

/** The known state of one object in a table. */
export type KnownState =
  | { readonly state: 'present'; readonly object: KubeObject }
  | { readonly state: 'absent' | 'unknown' }
  | { readonly state: 'failed'; readonly failure: Reports.ApiFailure };

/** Returns the key of an object in its table. */
export function tableKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

/** The objects of one kind that were read. */
export class KindTable {
  readonly type: ObjectType;
  /** False when the server does not serve the kind. */
  isServed = true;
  /** True when the table has all objects of the kind. */
  isWhole = false;
  /** The namespaces in which all objects of the kind that instances own were read. `*` means all namespaces. */
  readonly owned = new Set<string>();
  /** The failures of list requests for the objects that instances own, keyed by namespace (`*` for all). */
  readonly failures = new Map<string, Reports.ApiFailure>();
  /**
   * Maps a namespace (`*` for all) to the keys of its objects, or to `unread` when the server refused the list of
   * names.
   */
  readonly names = new Map<string, ReadonlySet<string> | 'unread'>();
  readonly #objects = new Map<string, KubeObject>();
  readonly #absent = new Set<string>();
  readonly #failed = new Map<string, Reports.ApiFailure>();
  #byApplySet: Map<string, KubeObject[]> | undefined;

  constructor(type: ObjectType) {
    this.type = type;
  }

  /** Adds objects. The caller must set `apiVersion` and `kind`, because the items of a list response lack them. */
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

  setFailed(key: string, failure: Reports.ApiFailure): void {
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

  /** Returns the members of an ApplySet. */
  members(applySet: string): readonly KubeObject[] {
    this.#byApplySet ??= grouped(this.#objects.values(), applySetOf);
    return this.#byApplySet.get(applySet) ?? [];
  }
}

const applySetOf = ({ metadata }: KubeObject): string => metadata.labels?.[keys.PART_OF_LABEL] ?? '';
