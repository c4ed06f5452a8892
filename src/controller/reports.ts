import type { KubeObject } from '../core/index.ts';
import { formatApiVersion } from '../core/index.ts';
import type {
  DefinitionSummary,
  InspectEvent,
  InspectSource,
  InstanceReport,
  InstanceSummary,
} from '../inspect/index.ts';
import { instanceRef } from '../inspect/index.ts';
import type { Decision } from '../runtime/index.ts';
import { readConditions } from '../runtime/index.ts';
import type { CacheSet } from './cache/cache-set.ts';
import type { Compiled } from './definition/compiler.ts';
import type { DefinitionStatus } from './definition/definition-status.ts';
import type { Definition } from './definition/definition.ts';
import { declaredKind } from './definition/definition.ts';
import type { InstanceRecord } from './instance/record.ts';
import type { ServedKind, ServedKinds } from './served-kinds.ts';

/** How many events are kept for clients that were cut off. */
const KEPT_EVENTS = 1000;

interface DefinitionEntry {
  readonly definition: Definition;
  readonly problems: readonly string[];
  readonly served: ServedKind | undefined;
  readonly instances: () => number;
}

/** What the controller knows, as `inspect` shows it. Filled by passes; asking changes nothing. */
export class Reports implements InspectSource {
  readonly #definitions = new Map<string, DefinitionEntry>();
  readonly #instances = new Map<string, InstanceReport>();
  readonly #refs = new Map<string, string>();
  readonly #events: InspectEvent[] = [];
  readonly #listeners = new Set<(event: InspectEvent) => void>();
  #lastId = 0;

  definitions(): readonly DefinitionSummary[] {
    return [...this.#definitions.values()].map(summaryOf).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  instances(): readonly InstanceSummary[] {
    return [...this.#instances.values()].map(
      ({ nodes: _nodes, conditions: _conditions, steppedAt: _at, ...rest }) => rest,
    );
  }

  report(ref: string): InstanceReport | undefined {
    return this.#instances.get(ref);
  }

  eventsAfter(id: number): readonly InspectEvent[] {
    return this.#events.filter((event) => event.id > id);
  }

  subscribe(listener: (event: InspectEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  definitionPassed(definition: Definition, compiled: Compiled, kinds: ServedKinds, caches: CacheSet): void {
    const served = kinds.ofDefinition(definition.name);
    this.#definitions.set(definition.name, {
      definition,
      problems: compiled.problems,
      served,
      instances: () => (served === undefined ? 0 : (caches.peek(served.type)?.size ?? 0)),
    });
  }

  /** A new status was written: what the last pass saw is replaced by it. */
  definitionWritten(name: string, status: DefinitionStatus): void {
    const entry = this.#definitions.get(name);
    if (entry !== undefined) this.#definitions.set(name, { ...entry, definition: { ...entry.definition, status } });
  }

  definitionChanged(name: string, from: string, to: string, now: number): void {
    this.#tell('definition-changed', name, from === '' ? to : `${from} -> ${to}`, now);
  }

  definitionGone(name: string, now: number): void {
    if (this.#definitions.delete(name)) this.#tell('definition-removed', name, 'the definition is gone', now);
  }

  instanceStepped(record: InstanceRecord, instance: KubeObject, served: ServedKind, decision: Decision): void {
    const { name = '', namespace, uid = '' } = instance.metadata;
    const subject = {
      apiVersion: formatApiVersion(served.type),
      kind: served.type.kind,
      name,
      ...(namespace === undefined ? {} : { namespace }),
    };
    const ref = instanceRef(subject);
    const before = this.#instances.get(ref);
    this.#refs.set(record.id, ref);
    this.#instances.set(ref, {
      ref,
      ...subject,
      uid,
      definition: served.definition,
      revision: served.revision,
      state: decision.state,
      conditions: decision.conditions,
      nodes: decision.nodes,
      steppedAt: record.steppedAt,
    });
    if (before?.state !== decision.state) {
      const message = before === undefined ? decision.state : `${before.state} -> ${decision.state}`;
      this.#tell('instance-changed', ref, message, record.steppedAt);
    }
    for (const { nodeId, why } of decision.apply) this.#tell('wrote', ref, `${nodeId}: ${why}`, record.steppedAt);
    for (const { nodeId, why } of decision.delete)
      this.#tell('wrote', ref, `${nodeId}: delete (${why})`, record.steppedAt);
  }

  instanceGone(recordId: string, now: number): void {
    const ref = this.#refs.get(recordId);
    this.#refs.delete(recordId);
    if (ref === undefined || !this.#instances.delete(ref)) return;
    this.#tell('instance-removed', ref, 'the instance is gone', now);
  }

  failed(subject: string, message: string, now: number): void {
    this.#tell('failed', subject, message, now);
  }

  #tell(type: InspectEvent['type'], subject: string, message: string, at: number): void {
    this.#lastId += 1;
    const event: InspectEvent = { id: this.#lastId, at, type, subject, message };
    this.#events.push(event);
    if (this.#events.length > KEPT_EVENTS) this.#events.shift();
    for (const listener of this.#listeners) listener(event);
  }
}

function summaryOf({ definition, problems, served, instances }: DefinitionEntry): DefinitionSummary {
  const declared = declaredKind(definition.spec);
  return {
    name: definition.name,
    uid: definition.uid,
    apiVersion: formatApiVersion(declared),
    kind: declared.kind,
    state: definition.status['state'] === 'Active' ? 'Active' : 'Inactive',
    ...(served === undefined ? {} : { revision: served.revision }),
    instances: instances(),
    conditions: readConditions(definition.status['conditions']),
    problems,
  };
}
