import { DEFINITION_KIND } from '@typekro/controller/controller';
import { type KubeObject, formatApiVersion, definedMembers } from '@typekro/kit/core';
import { GraphObject } from '@typekro/engine/graph';
import type {
  DefinitionRow,
  InspectEvent,
  InspectIndex,
  InspectLimit,
  InspectSource,
  InstanceRow,
} from '@typekro/controller/inspect';
import { byDefinition, EventLog, parseInstanceRef, withInstanceCounts } from '@typekro/controller/inspect';
import { compareText } from '@typekro/kit/golang';
import { type Clock, type KubeError, type KubernetesApi, type ResourceType, isNotFound } from '@typekro/kube';
import type { DefinitionHead, InstanceFacts } from './index-rows.ts';
import { AnswerProbe } from './answer-probe.ts';
import { OF_THE_INSTANCE } from '@typekro/app/instance';
import { definitionHead, instanceFacts, kindOfDefinition, rowChange, rowOf } from './index-rows.ts';
import { awaitsWrite, waitingText } from './waiting-text.ts';
import { keyOf, watchFailure, watchKind } from './watched-kind.ts';

/** The maximum number of rows of removed instances that are kept. */
const MAX_REMOVED = 100;

/** The options of a `ClusterIndex`. */
export interface ClusterIndexOptions {
  readonly api: KubernetesApi;
  readonly clock: Clock;
  /**
   * The reports of the controller in this process. The index adds the reported writes and failures to the log. From the
   * reports, it also takes the revisions of instances and the reasons of nodes.
   */
  readonly reports?: Pick<InspectSource, 'subscribe' | 'instances' | 'report'>;
  /**
   * Leaves the messages of the reports out of rows and events. Rows then have the messages of the instance's status,
   * and events have general messages. The reports can name objects and values that a caller with other rights may not
   * read. Default false.
   */
  readonly hidesReasons?: boolean;
}

/** An instance in the index. */
interface Entry {
  readonly facts: InstanceFacts;
  row: InstanceRow;
}

interface WatchedKind {
  readonly type: ResourceType;
  readonly ending: AbortController;
  readonly rows: Map<string, Entry>;
  readonly finished: Promise<void>;
  /** Resolves when the first list is complete or has failed. */
  readonly listed: Promise<void>;
  failure: InspectLimit | undefined;
  /** The cluster does not serve the kind, and no definition declares it. */
  isAbsent: boolean;
}

/**
 * An index of the definitions and instances of a cluster. It watches the definitions, each kind that a definition
 * declares, and Graphs if the cluster serves them. The index keeps a row of each object, and not the object itself.
 */
export class ClusterIndex implements InspectIndex {
  readonly log = new EventLog();
  readonly #options: ClusterIndexOptions;
  readonly #definitions = new Map<string, DefinitionHead>();
  readonly #kinds = new Map<string, WatchedKind>();
  readonly #removed = new Map<string, InstanceRow>();
  /** The revisions in the controller's reports, keyed by the addresses of the instances. */
  readonly #reportedRevisions = new Map<string, number>();
  readonly #ending = new AbortController();
  readonly #probe: AnswerProbe;
  #definitionFailure: InspectLimit | undefined;
  /**
   * Has a client read the index? If a first list was not complete at that time, the client has a response without the
   * objects of this list.
   */
  #wasRead = false;
  #isListed = false;
  /** The limits that clients know, as one string. */
  #knownLimits: string;
  #finished: Promise<void> = Promise.resolve();
  #probed: Promise<void> = Promise.resolve();
  #unsubscribe: (() => void) | undefined;

  constructor(options: ClusterIndexOptions) {
    this.#options = options;
    const { api, clock } = options;
    const changed = (): void => this.#noteLimits();
    this.#probe = new AnswerProbe({ api, clock, isWanted: () => this.log.isFollowed, changed });
    this.#knownLimits = JSON.stringify(this.#limits());
  }

  /**
   * Starts the watches. Resolves when each watch has its first list or has failed. Until then, the limits say that the
   * rows are not complete. A cluster that does not respond is a limit, not an error.
   */
  async start(): Promise<void> {
    const { api, reports } = this.#options;
    const { signal } = this.#ending;
    this.#probed = this.#probe.run();
    this.#unsubscribe = reports?.subscribe((event) => this.#reported(event));
    for (const { ref, revision } of reports?.instances() ?? []) {
      if (revision !== undefined) this.#reportedRevisions.set(ref, revision);
    }
    // The kind Graph can be installed later. Until then, its watch fails and retries.
    this.#watch(GraphObject.KIND, true);
    await new Promise<void>((resolve) => {
      let hasStarted = false;
      this.#finished = watchKind(
        api,
        DEFINITION_KIND,
        {
          changed: (object, isFirst) => this.#definitionChanged(object, isFirst && !hasStarted),
          removed: (key) => this.#definitionRemoved(key.slice(1)),
          failed: (error) => {
            this.#definitionFailure = this.#failureOf(error, this.#definitionFailure);
            this.#noteLimits();
          },
        },
        () => {
          hasStarted = true;
          resolve();
        },
        signal,
      );
    });
    await Promise.all([...this.#kinds.values()].map(({ listed }) => listed));
    this.#isListed = true;
    this.#noteLimits();
  }

  /** Ends the watches. */
  async close(): Promise<void> {
    this.#unsubscribe?.();
    this.#ending.abort();
    this.#probe.close();
    for (const { ending } of this.#kinds.values()) ending.abort();
    await Promise.all([this.#probed, this.#finished, ...[...this.#kinds.values()].map(({ finished }) => finished)]);
  }

  definitions(): readonly DefinitionRow[] {
    this.#wasRead = true;
    const instances = byDefinition(this.#rows());
    return [...this.#definitions.values()]
      .map((head) => withInstanceCounts(head, instances.get(head.name) ?? []))
      .sort((a, b) => compareText(a.name, b.name));
  }

  instances(): readonly InstanceRow[] {
    this.#wasRead = true;
    return [...this.#rows()];
  }

  instance(ref: string): InstanceRow | undefined {
    this.#wasRead = true;
    for (const row of this.#rows()) if (row.ref === ref) return row;
    return undefined;
  }

  kinds(definition?: string): readonly ResourceType[] {
    const head = definition === undefined ? undefined : this.#definitions.get(definition);
    return [...this.#kinds].flatMap(([key, { type, failure, isAbsent }]) =>
      failure !== undefined || isAbsent || (definition !== undefined && (head === undefined || typeKey(head) !== key))
        ? []
        : [type],
    );
  }

  removed(ref: string): InstanceRow | undefined {
    return this.#removed.get(ref);
  }

  limits(): readonly InspectLimit[] {
    this.#wasRead = true;
    return this.#limits();
  }

  #limits(): readonly InspectLimit[] {
    const { silentSince } = this.#probe;
    const silent = silentSince === undefined ? undefined : { text: SILENT, since: silentSince };
    const failures: [string, InspectLimit | undefined][] = [
      ['definitions', this.#definitionFailure],
      ...[...this.#kinds].map(([key, { type, failure }]): [string, InspectLimit | undefined] => [
        `instances of ${type.kind}`,
        this.#brokenDefinition(key, failure) ?? failure,
      ]),
    ];
    // One API server does not respond to any list, so its silence is one limit.
    const outage = [silent, ...failures.map(([, failure]) => failure)]
      .filter((failure) => failure?.since !== undefined)
      .sort((a, b) => (a?.since ?? 0) - (b?.since ?? 0))[0];
    const refused = failures.flatMap(([what, failure]) => {
      if (failure === undefined || failure.since !== undefined) return [];
      return failure.definition === undefined ? [{ text: `${what} cannot be listed: ${failure.text}` }] : [failure];
    });
    const unlisted = this.#isListed ? [] : [{ text: 'the first lists of the cluster are not complete yet' }];
    return [...(outage === undefined ? [] : [outage]), ...refused, ...unlisted];
  }

  /** The definition whose problem is the reason why the cluster does not serve a kind. */
  #brokenDefinition(key: string, failure: InspectLimit | undefined): InspectLimit | undefined {
    if (failure === undefined || failure.since !== undefined || this.#options.hidesReasons === true) return undefined;
    for (const head of this.#definitions.values()) {
      const [problem] = head.problems;
      if (typeKey(head) !== key || head.state === 'Active' || problem === undefined) continue;
      return { text: `definition ${head.name} cannot be served: ${problem.split('\n', 1)[0]}`, definition: head.name };
    }
    return undefined;
  }

  /** The failure of a watch. `before` is the failure that is known already. */
  #failureOf(error: KubeError | undefined, before: InspectLimit | undefined): InspectLimit | undefined {
    if (error === undefined) return undefined;
    const text = watchFailure(error);
    return error.status === 0
      ? { text: `${SILENT}: ${text}`, since: before?.since ?? this.#options.clock.now() }
      : { text };
  }

  /** Adds an event when the limits differ from those that clients can have read. */
  #noteLimits(): void {
    const limits = this.#limits();
    const text = JSON.stringify(limits);
    if (text === this.#knownLimits) return;
    this.#knownLimits = text;
    if (this.#wasRead) this.#add('limits-changed', '', limits[0]?.text ?? 'everything can be listed');
  }

  *#rows(): Generator<InstanceRow> {
    for (const { rows } of this.#kinds.values()) for (const { row } of rows.values()) yield row;
  }

  #definitionChanged(object: KubeObject, isFirst: boolean): void {
    const head = definitionHead(object);
    const before = this.#definitions.get(head.name);
    this.#definitions.set(head.name, head);
    const { group, version, kind } = kindOfDefinition(object);
    if (kind !== '' && version !== '') this.#watch({ apiVersion: formatApiVersion({ group, version }), kind }, isFirst);
    this.#dropKinds();
    if (isFirst && !this.#wasRead) return;
    const message = before === undefined || before.state !== head.state ? head.state : 'the definition changed';
    this.#add('definition-changed', head.name, message);
    this.#renewRows(head);
    if (before !== undefined && typeKey(before) !== typeKey(head)) this.#renewRows(before);
  }

  #definitionRemoved(name: string): void {
    const head = this.#definitions.get(name);
    if (head === undefined) return;
    this.#definitions.delete(name);
    this.#dropKinds();
    this.#add('definition-removed', name, 'the definition is gone');
    this.#renewRows(head);
  }

  /** Starts a watch of a kind, unless the kind is already watched. */
  #watch(type: ResourceType, isFirst: boolean): void {
    const key = typeKey(type);
    if (this.#kinds.has(key) || this.#ending.signal.aborted) return;
    const ending = new AbortController();
    const rows = new Map<string, Entry>();
    let hasStarted = false;
    let started = (): void => undefined;
    const first = new Promise<void>((resolve) => (started = resolve));
    const kind: WatchedKind = {
      type,
      ending,
      rows,
      listed: first,
      failure: undefined,
      isAbsent: false,
      finished: watchKind(
        this.#options.api,
        type,
        {
          // If the first list has failed before, clients may have a response without these instances. The instances
          // then count as changes.
          changed: (object, isListed) => {
            const hasAnswer = hasStarted || this.#wasRead;
            this.#instanceChanged(rows, object, isFirst && isListed && !hasAnswer);
          },
          removed: (instance) => this.#instanceRemoved(rows, instance),
          failed: (error) => {
            // A cluster that does not serve the kind Graph has no Graphs, so this failure is not a limit.
            kind.isAbsent = error !== undefined && isNotFound(error) && key === GRAPH_KEY && !this.#isDeclared(key);
            kind.failure = kind.isAbsent ? undefined : this.#failureOf(error, kind.failure);
            this.#noteLimits();
          },
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

  #isDeclared(key: string): boolean {
    return [...this.#definitions.values()].some((head) => typeKey(head) === key);
  }

  /** Ends the watches of kinds that no definition declares any more. */
  #dropKinds(): void {
    const declared = new Set([...this.#definitions.values()].map(typeKey));
    for (const [key, { ending, rows }] of this.#kinds) {
      if (declared.has(key) || key === GRAPH_KEY) continue;
      ending.abort();
      this.#kinds.delete(key);
      for (const instance of rows.keys()) this.#instanceRemoved(rows, instance);
    }
    this.#noteLimits();
  }

  #instanceChanged(rows: Map<string, Entry>, object: KubeObject, isFirst: boolean): void {
    const key = keyOf(object);
    const before = rows.get(key)?.row;
    const facts = instanceFacts(object);
    const row = this.#rowOf(facts);
    rows.set(key, { facts, row });
    this.#removed.delete(row.ref);
    if (!isFirst) this.#add('instance-changed', row.ref, rowChange(before, row));
  }

  #rowOf(facts: InstanceFacts): InstanceRow {
    const { ref, waitingFor, state } = facts.row;
    const revision = this.#reportedRevisions.get(ref);
    const reason = waitingFor === undefined ? undefined : this.#reasonOf(ref, state);
    return rowOf(facts, this.#servingOf(facts.row), { ...definedMembers({ revision, waitingFor: reason }) });
  }

  /**
   * Returns the reason why an instance waits, from the report of its controller. Returns `undefined` when there is no
   * report, or when the status of the instance says more than the report: about an obstacle outside of the nodes, or
   * about a failed write that the controller is about to retry.
   */
  #reasonOf(ref: string, state: InstanceRow['state']): string | undefined {
    const { reports, hidesReasons = false } = this.#options;
    const report = hidesReasons ? undefined : reports?.report(ref);
    const isRefused = report?.conditions.some(({ type, status }) => OF_THE_INSTANCE.has(type) && status === 'False');
    if (report === undefined || isRefused === true) return undefined;
    return state === 'ERROR' && awaitsWrite(report.nodes) ? undefined : waitingText(report.nodes);
  }

  /** Recomputes the rows of the kind, because a row can contain the name or the newest revision of the definition. */
  #renewRows({ apiVersion, kind }: DefinitionHead): void {
    for (const entry of this.#kinds.get(typeKey({ apiVersion, kind }))?.rows.values() ?? []) this.#renewRow(entry);
  }

  #renewRow(entry: Entry): void {
    const before = entry.row;
    const row = this.#rowOf(entry.facts);
    const isSame = (name: 'revision' | 'definition' | 'waitingFor'): boolean => row[name] === before[name];
    if (isSame('revision') && isSame('definition') && isSame('waitingFor')) return;
    entry.row = row;
    this.#add('instance-changed', row.ref, rowChange(before, row));
  }

  #instanceRemoved(rows: Map<string, Entry>, key: string): void {
    const row = rows.get(key)?.row;
    if (row === undefined) return;
    rows.delete(key);
    this.#removed.set(row.ref, row);
    const [oldest] = this.#removed.keys();
    if (this.#removed.size > MAX_REMOVED && oldest !== undefined) this.#removed.delete(oldest);
    this.#add('instance-removed', row.ref, 'the instance is gone');
  }

  /**
   * Returns the first definition that declares the kind. Needed only until a controller has written the label with the
   * definition's name to the instance.
   */
  #servingOf({ apiVersion, kind }: ResourceType): DefinitionHead | undefined {
    for (const head of this.#definitions.values()) {
      if (head.kind === kind && head.apiVersion === apiVersion) return head;
    }
    return undefined;
  }

  /**
   * Adds the writes and failures of the controller to the log, and updates the revisions in the rows. The watches
   * report all other changes.
   */
  #reported({ id: _id, ...event }: InspectEvent): void {
    const { type, subject, revision } = event;
    const { hidesReasons = false } = this.#options;
    if (type === 'wrote' || type === 'failed') {
      this.log.add(hidesReasons ? { ...event, message: REPORTED[type] } : event);
    } else if (type === 'instance-removed') this.#reportedRevisions.delete(subject);
    else if (type === 'instance-changed' && revision !== undefined) {
      this.#reportedRevisions.set(subject, revision);
      const address = parseInstanceRef(subject);
      if (address === undefined) return;
      const entry = this.#kinds.get(typeKey(address))?.rows.get(keyOf({ metadata: address }));
      if (entry !== undefined) this.#renewRow(entry);
    }
  }

  #add(type: InspectEvent['type'], subject: string, message: string): void {
    this.log.add({ at: this.#options.clock.now(), type, subject, message });
  }
}

/** The messages that replace the controller's own messages, by the type of the event. */
const REPORTED = { wrote: 'the controller wrote an object', failed: 'a pass of the controller failed' } as const;

const SILENT = 'the API server does not respond';

const typeKey = ({ apiVersion, kind }: ResourceType): string => `${apiVersion} ${kind}`;

const GRAPH_KEY = typeKey(GraphObject.KIND);
