import { DEFINITION_TYPE } from '../../controller/index.ts';
import type { KubeObject } from '../../core/index.ts';
import { formatApiVersion } from '../../core/index.ts';
import { GRAPH_TYPE } from '../../graph/index.ts';
import type { DefinitionRow, InspectEvent, InspectIndex, InspectSource, InstanceRow } from '../../inspect/index.ts';
import { byDefinition, EventLog } from '../../inspect/index.ts';
import type { Clock, KubeError, KubernetesApi, ResourceType } from '../../kube/index.ts';
import { compareText } from '../../golang/index.ts';
import type { DefinitionHead } from './index-rows.ts';
import { definitionHead, definitionRow, instanceRow, kindOfDefinition, rowChange } from './index-rows.ts';
import { watchFailure, watchKind } from './watched-kind.ts';

/** The maximum number of rows of removed instances that are kept. */
const MAX_REMOVED = 100;

/** The options of a `ClusterIndex`. */
export interface ClusterIndexOptions {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  /** The reports of the controller in this process. Their writes and failures are added to the log. */
  readonly reports?: Pick<InspectSource, 'subscribe'>;
}

interface WatchedKind {
  readonly type: ResourceType;
  readonly ending: AbortController;
  readonly rows: Map<string, InstanceRow>;
  readonly finished: Promise<void>;
  /** Settles when the first list is complete, or has failed. */
  readonly listed: Promise<void>;
  failure: string | undefined;
}

/**
 * The definitions and instances of a cluster, from watches: one of the definitions, one of each kind that they declare,
 * and one of Graphs where the cluster serves them. The index keeps a row of each object, and not the object itself.
 */
export class ClusterIndex implements InspectIndex {
  readonly log = new EventLog();
  readonly #options: ClusterIndexOptions;
  readonly #definitions = new Map<string, DefinitionHead>();
  readonly #kinds = new Map<string, WatchedKind>();
  readonly #removed = new Map<string, InstanceRow>();
  readonly #ending = new AbortController();
  #definitionFailure: string | undefined;
  #finished: Promise<void> = Promise.resolve();
  #unsubscribe: (() => void) | undefined;

  constructor(options: ClusterIndexOptions) {
    this.#options = options;
  }

  /** Starts the watches. Resolves when each has its first list, or has failed. */
  async start(): Promise<void> {
    const { api, reports } = this.#options;
    const { signal } = this.#ending;
    await new Promise<void>((resolve) => {
      let hasStarted = false;
      this.#finished = watchKind(
        api,
        { apiVersion: formatApiVersion(DEFINITION_TYPE), kind: DEFINITION_TYPE.kind },
        {
          changed: (object, isFirst) => this.#definitionChanged(object, isFirst && !hasStarted),
          removed: (key) => this.#definitionRemoved(key.slice(1)),
          failed: (error) => (this.#definitionFailure = failureText(error)),
        },
        () => {
          hasStarted = true;
          resolve();
        },
        signal,
      );
    });
    const graphs = { apiVersion: formatApiVersion(GRAPH_TYPE), kind: GRAPH_TYPE.kind };
    if ((await api.discovery.resourceOf(graphs, { signal })) !== undefined) this.#watch(graphs, true);
    await Promise.all([...this.#kinds.values()].map(({ listed }) => listed));
    this.#unsubscribe = reports?.subscribe((event) => this.#reported(event));
  }

  /** Ends the watches. */
  async close(): Promise<void> {
    this.#unsubscribe?.();
    this.#ending.abort();
    for (const { ending } of this.#kinds.values()) ending.abort();
    await Promise.all([this.#finished, ...[...this.#kinds.values()].map(({ finished }) => finished)]);
  }

  definitions(): readonly DefinitionRow[] {
    const instances = byDefinition(this.#rows());
    return [...this.#definitions.values()]
      .map((head) => definitionRow(head, instances.get(head.name) ?? []))
      .sort((a, b) => compareText(a.name, b.name));
  }

  instances(): readonly InstanceRow[] {
    return [...this.#rows()];
  }

  instance(ref: string): InstanceRow | undefined {
    for (const row of this.#rows()) if (row.ref === ref) return row;
    return undefined;
  }

  removed(ref: string): InstanceRow | undefined {
    return this.#removed.get(ref);
  }

  limits(): readonly string[] {
    const kinds = [...this.#kinds.values()].flatMap(({ type, failure }) =>
      failure === undefined ? [] : [`instances of ${type.kind} cannot be listed: ${failure}`],
    );
    const own =
      this.#definitionFailure === undefined ? [] : [`definitions cannot be listed: ${this.#definitionFailure}`];
    return [...own, ...kinds];
  }

  *#rows(): Generator<InstanceRow> {
    for (const { rows } of this.#kinds.values()) yield* rows.values();
  }

  #definitionChanged(object: KubeObject, isFirst: boolean): void {
    const head = definitionHead(object);
    const before = this.#definitions.get(head.name);
    this.#definitions.set(head.name, head);
    const { group, version, kind } = kindOfDefinition(object);
    if (kind !== '' && version !== '') {
      this.#watch({ apiVersion: formatApiVersion({ group, version }), kind }, isFirst);
    }
    this.#dropKinds();
    if (isFirst) return;
    const message = before === undefined || before.state !== head.state ? head.state : 'the definition changed';
    this.#add('definition-changed', head.name, message);
  }

  #definitionRemoved(name: string): void {
    if (!this.#definitions.delete(name)) return;
    this.#dropKinds();
    this.#add('definition-removed', name, 'the definition is gone');
  }

  /** Starts a watch of a kind, unless it is watched. */
  #watch(type: ResourceType, isFirst: boolean): void {
    const key = typeKey(type);
    if (this.#kinds.has(key) || this.#ending.signal.aborted) return;
    const ending = new AbortController();
    const rows = new Map<string, InstanceRow>();
    let hasStarted = false;
    let started = (): void => undefined;
    const first = new Promise<void>((resolve) => (started = resolve));
    const kind: WatchedKind = {
      type,
      ending,
      rows,
      listed: first,
      failure: undefined,
      finished: watchKind(
        this.#options.api,
        type,
        {
          // After a failed first list, clients already have an answer without the instances.
          changed: (object, isListed) => this.#instanceChanged(rows, object, isFirst && isListed && !hasStarted),
          removed: (instance) => this.#instanceRemoved(rows, instance),
          failed: (error) => (kind.failure = failureText(error)),
        },
        () => {
          hasStarted = true;
          started();
        },
        ending.signal,
      ),
    };
    this.#kinds.set(key, kind);
  }

  /** Ends the watches of kinds that no definition declares any more. */
  #dropKinds(): void {
    const declared = new Set([...this.#definitions.values()].map(typeKey));
    for (const [key, { type, ending, rows }] of this.#kinds) {
      if (declared.has(key) || type.kind === GRAPH_TYPE.kind) continue;
      ending.abort();
      this.#kinds.delete(key);
      for (const instance of rows.keys()) this.#instanceRemoved(rows, instance);
    }
  }

  #instanceChanged(rows: Map<string, InstanceRow>, object: KubeObject, isFirst: boolean): void {
    const key = `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
    const before = rows.get(key);
    const row = instanceRow(object, this.#servingOf(object));
    rows.set(key, row);
    this.#removed.delete(row.ref);
    if (!isFirst) this.#add('instance-changed', row.ref, rowChange(before, row));
  }

  #instanceRemoved(rows: Map<string, InstanceRow>, key: string): void {
    const row = rows.get(key);
    if (row === undefined) return;
    rows.delete(key);
    this.#removed.set(row.ref, row);
    const [oldest] = this.#removed.keys();
    if (this.#removed.size > MAX_REMOVED && oldest !== undefined) this.#removed.delete(oldest);
    this.#add('instance-removed', row.ref, 'the instance is gone');
  }

  /** The first definition of the kind. An instance that a controller has seen names its definition by a label. */
  #servingOf({ apiVersion, kind }: KubeObject): DefinitionHead | undefined {
    for (const head of this.#definitions.values()) {
      if (head.kind === kind && head.apiVersion === apiVersion) return head;
    }
    return undefined;
  }

  /** Adds the controller's own actions. The watches report all other changes. */
  #reported({ id: _id, ...event }: InspectEvent): void {
    if (event.type === 'wrote' || event.type === 'failed') this.log.add(event);
  }

  #add(type: InspectEvent['type'], subject: string, message: string): void {
    this.log.add({ at: this.#options.clock.now(), type, subject, message });
  }
}

const failureText = (error: KubeError | undefined): string | undefined =>
  error === undefined ? undefined : watchFailure(error);

const typeKey = ({ apiVersion, kind }: ResourceType): string => `${apiVersion} ${kind}`;
