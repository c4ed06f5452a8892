import type { JsonObject, KubeObject, ObjectRef } from '@typekro/kit/core';
import { grouped, formatApiVersion, gvkOf, withGroup } from '@typekro/kit/core';
import { apiFailure, eachEffect } from '@typekro/controller/execute';
import { type KubernetesApi, type ListOptions, KubeError, systemClock } from '@typekro/kube';
import type { Decisions, ObjectType, Reports, Targets } from '@typekro/engine/runtime';
import { keys, ObjectKey, ObjectTarget } from '@typekro/engine/runtime';
import { SharedFields } from './shared-fields.ts';
import { type KnownState, KindTable, tableKey } from './kind-table.ts';
import type { ListAnswer, ObjectSource } from './object-source.ts';

/**
 * If the list of owned objects lacks at most this number of the requested objects of a kind, the lacking objects are
 * read one by one. If it lacks more, a list of names first shows which of them exist.
 */
const MAX_SINGLE_READS = 3;

/**
 * The maximum number of objects of a kind that are read by name. If there are more, the whole kind is listed. If the
 * list fails, the objects are still read by name.
 */
const MAX_READS_BY_NAME = 50;

/** The maximum number of namespaces that are listed one by one. If there are more, the whole cluster is listed. */
const MAX_NAMESPACES = 3;

/** The dependencies of a live source. */
export interface LiveSourceOptions {
  readonly api: KubernetesApi;
  readonly signal: AbortSignal;
  /**
   * The only namespace in which the owned objects, or all objects, of a namespaced kind are listed. Owned objects are
   * also listed in the namespaces of requested objects. By default, the whole cluster is listed.
   */
  readonly only?: string;
  /** The namespace that is listed when the user may not list the whole cluster. */
  readonly fallback: string;
}

/**
 * Reads a cluster. Lists the owned objects of each kind once, so the number of requests does not grow with the number
 * of instances.
 */
export class LiveSource implements ObjectSource {
  readonly limits = new Set<string>();
  readonly #options: LiveSourceOptions;
  readonly #tables = new Map<string, KindTable>();
  readonly #lists = new Map<string, ListAnswer>();
  readonly #fields = new SharedFields();

  constructor(options: LiveSourceOptions) {
    this.#options = options;
  }

  table(type: { readonly group: string; readonly kind: string }): KindTable | undefined {
    return this.#tables.get(ObjectKey.groupKind(type));
  }

  /** Returns the known state of an object, or `undefined` when no object of its kind was read. */
  look(ref: ObjectRef): KnownState | undefined {
    return this.table(gvkOf(ref))?.look(tableKey(ref.namespace, ref.name));
  }

  /** Returns an object that was read, or `undefined` when it does not exist or was not read. */
  liveOf(ref: ObjectRef): KubeObject | undefined {
    const known = this.look(ref);
    return known?.state === 'present' ? known.object : undefined;
  }

  /** Replaces the status of an object that was read. */
  setStatus(ref: ObjectRef, status: JsonObject): void {
    const live = this.liveOf(ref);
    if (live !== undefined) this.table(gvkOf(ref))?.add([{ ...live, status }]);
  }

  /** Returns the tables of all kinds that were read. */
  tables(): Iterable<KindTable> {
    return this.#tables.values();
  }

  list(target: Targets.ListTarget): ListAnswer {
    const answer = this.#lists.get(listName(target, undefined)) ?? this.#lists.get(listName(target, target.namespace));
    if (answer === undefined) return { objects: [] };
    if (!('objects' in answer) || target.namespace === undefined) return answer;
    return { objects: answer.objects.filter(({ metadata }) => metadata.namespace === target.namespace) };
  }

  async load(requests: readonly Decisions.ReadRequest[]): Promise<void> {
    const objects = requests.flatMap((each) =>
      each.kind === 'object' || each.kind === 'whole-object' ? [each.target] : [],
    );
    const members = requests.flatMap((each) => (each.kind === 'members' ? [each.target] : []));
    const lists = requests.flatMap((each) => (each.kind === 'list' ? [each.target] : []));
    const targets = grouped(objects, ({ type }) => ObjectKey.groupKind(type));
    const requested = grouped(members, ObjectKey.groupKind);
    const kinds = new Set([...targets.keys(), ...requested.keys()]);
    await Promise.all([
      ...[...kinds].map((kind) => this.#loadKind(targets.get(kind) ?? [], requested.get(kind) ?? [])),
      ...[...grouped(lists, (target) => listName(target, undefined)).values()].map((each) => this.#loadLists(each)),
    ]);
  }

  /**
   * Reads all owned objects of a kind. Without `only`, `namespaces` are listed when the user may not list the whole
   * cluster.
   */
  async loadOwned(type: ObjectType, namespaces: readonly string[]): Promise<KindTable> {
    const table = this.#tableOf(type);
    const { only } = this.#options;
    const places = type.namespaced && only !== undefined ? [...new Set([only, ...namespaces])] : ['*'];
    await this.#listOwned(table, places);
    // The user may have rights only in some namespaces.
    if (type.namespaced && table.failures.has('*')) await this.#listOwned(table, namespaces);
    return table;
  }

  /** Reads all objects of a kind, as far as the options and the user's rights allow. */
  async loadAll(type: ObjectType): Promise<KindTable> {
    const table = this.#tableOf(type);
    const { only, fallback } = this.#options;
    const places = !type.namespaced ? ['*'] : only === undefined ? ['*', fallback] : [only];
    for (const place of places) {
      const found = await this.#list(type, place, {});
      if ('objects' in found) {
        table.add(found.objects);
        if (place === '*') table.isWhole = true;
        break;
      }
      if ('unserved' in found) {
        table.isServed = false;
        break;
      }
      this.#note(type, place, found.failure);
    }
    return table;
  }

  async #loadKind(targets: readonly ObjectTarget[], members: readonly Targets.MemberTarget[]): Promise<void> {
    const type = targets[0]?.type ?? (await this.#typeOf(members[0]));
    if (type === undefined) return;
    const namespaces = new Set([
      ...targets.flatMap(({ namespace }) => namespace ?? []),
      ...members.flatMap((each) => each.namespaces),
    ]);
    const table = await this.loadOwned(type, [...namespaces]);
    const missing = targets.filter(({ namespace, name }) => table.look(tableKey(namespace, name)).state === 'unknown');
    await this.#readMissing(table, missing);
  }

  async #typeOf(target: Targets.MemberTarget | undefined): Promise<ObjectType | undefined> {
    if (target === undefined) return undefined;
    const { group, kind } = target;
    const known = this.table({ group, kind });
    if (known !== undefined) return known.type;
    const { api, signal } = this.#options;
    return api.discovery.inGroup(group, kind, { signal });
  }

  #tableOf(type: ObjectType): KindTable {
    const key = ObjectKey.groupKind(type);
    const table = this.#tables.get(key) ?? new KindTable(type);
    this.#tables.set(key, table);
    return table;
  }

  async #listOwned(table: KindTable, places: readonly string[]): Promise<void> {
    const isKnown = (place: string) =>
      table.owned.has('*') || table.owned.has(place) || table.failures.has(place) || !table.isServed || table.isWhole;
    const due = places.filter((place) => !isKnown(place));
    await eachEffect(systemClock, due, async (place) => {
      const found = await this.#list(table.type, place, { labelSelector: keys.PART_OF_LABEL });
      if ('objects' in found) {
        table.add(found.objects);
        table.owned.add(place);
      } else if ('unserved' in found) table.isServed = false;
      else {
        table.failures.set(place, found.failure);
        this.#note(table.type, place, found.failure);
      }
    });
  }

  /**
   * Reads requested objects that the list of owned objects lacks. If there are more than `MAX_SINGLE_READS`, reads only
   * those that a list of names contains.
   */
  async #readMissing(table: KindTable, missing: readonly ObjectTarget[]): Promise<void> {
    if (missing.length <= MAX_SINGLE_READS) return this.#readEach(table, missing);
    const namespaces = [...new Set(missing.flatMap(({ namespace }) => namespace ?? []))];
    const isNarrow = table.type.namespaced && (namespaces.length <= MAX_NAMESPACES || table.failures.has('*'));
    const { names } = table;
    const due = (isNarrow ? namespaces : ['*']).filter((place) => !names.has('*') && !names.has(place));
    await eachEffect(systemClock, due, async (place) => {
      const found = await this.#list(table.type, place, { metadataOnly: true });
      const keys = 'objects' in found ? found.objects.map(({ metadata }) => keyOfMetadata(metadata)) : [];
      names.set(place, 'failure' in found ? 'unread' : new Set(keys));
    });
    const byName: ObjectTarget[] = [];
    for (const target of missing) {
      const key = tableKey(target.namespace, target.name);
      const known = names.get('*') ?? names.get(target.namespace ?? '');
      if (known === 'unread' || known?.has(key) === true) byName.push(target);
      else table.setAbsent(key);
    }
    if (byName.length <= MAX_READS_BY_NAME) return this.#readEach(table, byName);
    const found = await this.#list(table.type, '*', {});
    if ('objects' in found) {
      table.add(found.objects);
      table.isWhole = true;
      return;
    }
    await this.#readEach(table, byName);
  }

  async #readEach(table: KindTable, targets: readonly ObjectTarget[]): Promise<void> {
    const { api, signal } = this.#options;
    const unique = new Map(targets.map((target) => [tableKey(target.namespace, target.name), target]));
    await eachEffect(systemClock, [...unique], async ([key, target]) => {
      try {
        const object = await api.find(ObjectTarget.refOf(target), { signal });
        if (object === undefined) table.setAbsent(key);
        else table.add([object]);
      } catch (thrown) {
        const failure = this.#failure(thrown);
        table.setFailed(key, failure);
        this.#note(table.type, target.namespace ?? '*', failure);
      }
    });
  }

  async #loadLists(targets: readonly Targets.ListTarget[]): Promise<void> {
    const [first] = targets;
    if (first === undefined) return;
    const namespaces = [...new Set(targets.map(({ namespace }) => namespace ?? '*'))];
    const places = namespaces.length > MAX_NAMESPACES || namespaces.includes('*') ? ['*'] : namespaces;
    const due = places.filter((place) => !this.#lists.has(listName(first, place === '*' ? undefined : place)));
    await eachEffect(systemClock, due, async (place) => {
      const options = first.selector === '' ? {} : { labelSelector: first.selector };
      const found = await this.#list(first.type, place, options);
      if ('failure' in found) this.#note(first.type, place, found.failure);
      this.#lists.set(listName(first, place === '*' ? undefined : place), found);
    });
  }

  async #list(type: ObjectType, place: string, options: ListOptions): Promise<ListAnswer> {
    const { api, signal } = this.#options;
    const apiVersion = formatApiVersion(type);
    const selection = place === '*' ? {} : { namespace: place };
    try {
      const onPage = (items: readonly KubeObject[]) => {
        for (const { metadata } of items) this.#fields.share(metadata);
      };
      const request = { ...options, ...selection, signal, onPage };
      const { items } = await api.list({ apiVersion, kind: type.kind }, request);
      return { objects: items };
    } catch (thrown) {
      const failure = this.#failure(thrown);
      return failure.code === 404 ? { unserved: true } : { failure };
    }
  }

  /** Converts the error of a refused request. Throws any other error, which ends the plan. */
  #failure(thrown: unknown): Reports.ApiFailure {
    const isAnswer = thrown instanceof KubeError && [403, 404, 405].includes(thrown.status);
    if (!isAnswer || this.#options.signal.aborted) throw thrown;
    return apiFailure(thrown, undefined);
  }

  #note({ plural, group }: ObjectType, place: string, failure: Reports.ApiFailure): void {
    const where = place === '*' ? 'in the whole cluster' : `in namespace ${place}`;
    const what = withGroup(plural, group);
    const limit = `${what} ${where} could not be read: `;
    // Compares only the prefix, because the server's messages about one missing right differ between list requests and
    // single reads.
    if (![...this.limits].some((each) => each.startsWith(limit))) this.limits.add(`${limit}${failure.message}`);
  }
}

const keyOfMetadata = ({ namespace, name = '' }: KubeObject['metadata']): string => tableKey(namespace, name);

function listName({ type, selector }: Targets.ListTarget, namespace: string | undefined): string {
  return `${ObjectKey.groupKind(type)}/${namespace ?? '*'}?${selector}`;
}
