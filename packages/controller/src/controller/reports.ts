import { formatApiVersion, jsonEquals, TypeKroError } from '@typekro/kit/core';
import { GraphObject } from '@typekro/engine/graph';
import type {
  DefinitionSummary,
  InspectEvent,
  InspectSource,
  InstanceReport,
  InstanceSummary,
} from '../inspect/index.ts';
import { instanceRef } from '../inspect/index.ts';
import type { Clock } from '@typekro/kube';
import { readConditions } from '@typekro/engine/runtime';
import type { CacheSet } from './cache/cache-set.ts';
import { internString } from './cache/intern.ts';
import type { CompiledSpec } from './definition/compiler.ts';
import type { WrittenStatus } from './definition/definition-status.ts';
import { type DefinitionObject, declaredKind } from './definition/definition-object.ts';
import { driftText } from './drift/drift-text.ts';
import type { ChildWritten, PassFailed, ControllerListener, InstanceStep } from './controller-event.ts';
import type { ServedKind, ServedKinds } from './served-kinds.ts';

/** The maximum number of events that are kept for clients that reconnect. */
const KEPT_EVENTS = 1000;

interface DefinitionEntry {
  readonly definition: DefinitionObject;
  readonly problems: readonly string[];
  readonly served: ServedKind | undefined;
  readonly instances: () => number;
}

/** The report of an instance. The details of an ACTIVE instance are computed on request. */
interface InstanceEntry {
  readonly summary: InstanceSummary;
  readonly steppedAt: number;
  /** The generation of the instance at its last step. */
  readonly generation: number;
  readonly details: Details | undefined;
}

type Details = Pick<InstanceReport, 'conditions' | 'nodes'>;

/** The sources of the reports. */
interface ReportsOptions {
  readonly served: ServedKinds;
  readonly caches: CacheSet;
  readonly clock: Clock;
  /** Computes the details of an instance at the time of the call. */
  readonly explain: (recordId: string) => Details | undefined;
}

/** The controller's state for `inspect`. Events of the controller update the reports. Reads change nothing. */
export class Reports implements InspectSource {
  readonly #definitions = new Map<string, DefinitionEntry>();
  /** The reports of instances, by the ids of their records. */
  readonly #instances = new Map<string, InstanceEntry>();
  /** The ids of the records, by the addresses of the instances. */
  readonly #recordIds = new Map<string, string>();
  readonly #events: InspectEvent[] = [];
  readonly #listeners = new Set<(event: InspectEvent) => void>();
  readonly #served: ServedKinds;
  readonly #caches: CacheSet;
  readonly #clock: Clock;
  readonly #explain: ReportsOptions['explain'];
  #lastId = 0;

  definitions(): readonly DefinitionSummary[] {
    return [...this.#definitions.values()].map(summaryOf).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  instances(): readonly InstanceSummary[] {
    return [...this.#instances.values()].map(({ summary }) => summary);
  }

  report(ref: string): InstanceReport | undefined {
    const recordId = this.#recordIds.get(ref);
    const entry = recordId === undefined ? undefined : this.#instances.get(recordId);
    if (recordId === undefined || entry === undefined) return undefined;
    const { summary, steppedAt, details } = entry;
    const { conditions, nodes } = details ?? this.#explain(recordId) ?? {};
    return conditions && nodes && { ...summary, conditions, nodes, steppedAt };
  }

  eventsAfter(id: number): readonly InspectEvent[] {
    return this.#events.filter((event) => event.id > id);
  }

  subscribe(listener: (event: InspectEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  constructor({ served, caches, clock, explain }: ReportsOptions) {
    this.#explain = explain;
    this.#served = served;
    this.#caches = caches;
    this.#clock = clock;
  }

  /** Updates the reports from an event. */
  readonly listen: ControllerListener = (event) => {
    switch (event.kind) {
      case 'definition-passed':
        return this.#definitionPassed(event.definition, event.compiled);
      case 'definition-changed':
        return this.#definitionChanged(event.definition, event.status);
      case 'definition-gone':
        return this.#definitionGone(event.name);
      case 'instance-stepped':
        return this.#instanceStepped(event.step);
      case 'child-written':
        return this.#childWritten(event);
      case 'instance-gone':
        return this.#instanceGone(event.recordId);
      case 'pass-failed':
        return this.#passFailed(event);
      default:
        return;
    }
  };

  #definitionPassed(definition: DefinitionObject, compiled: CompiledSpec): void {
    const served = this.#served.ofDefinition(definition.name);
    const caches = this.#caches;
    this.#setDefinition({
      definition,
      problems: compiled.problems,
      served,
      instances: () => (served === undefined ? 0 : (caches.peek(served.type)?.size ?? 0)),
    });
  }

  /** Replaces the status in the report of a definition. The other data of the report are from the last pass. */
  #definitionChanged({ name }: DefinitionObject, status: WrittenStatus): void {
    const entry = this.#definitions.get(name);
    if (entry !== undefined) this.#setDefinition({ ...entry, definition: { ...entry.definition, status } });
  }

  /**
   * Replaces the report of a definition. Emits an event for every change except for a change of the number of
   * instances.
   */
  #setDefinition(entry: DefinitionEntry): void {
    const { name } = entry.definition;
    const before = this.#definitions.get(name);
    this.#definitions.set(name, entry);
    const message = definitionChange(before && summaryOf(before), summaryOf(entry));
    if (message !== undefined) this.#addEvent('definition-changed', name, message, this.#clock.now());
  }

  #definitionGone(name: string): void {
    if (!this.#definitions.delete(name)) return;
    this.#addEvent('definition-removed', name, 'the definition is gone', this.#clock.now());
  }

  #instanceStepped({ record, instance, served, decision }: InstanceStep): void {
    const { name = '', namespace, uid = '' } = instance.metadata;
    const subject = {
      apiVersion: internString(formatApiVersion(served.type)),
      kind: served.type.kind,
      name,
      ...(namespace === undefined ? {} : { namespace }),
    };
    const { id, steppedAt } = record;
    const before = this.#instances.get(id);
    const made = instanceRef(subject);
    // Reuses the string of the earlier report. Events already reference this string, so a second one would only cost
    // memory.
    const ref = before?.summary.ref === made ? before.summary.ref : made;
    const { state, conditions, nodes } = decision;
    const summary = { ref, ...subject, uid, definition: served.definition, revision: served.revision, state };
    const details = state === 'ACTIVE' ? undefined : { conditions, nodes };
    const { generation = 0 } = instance.metadata;
    const entry = { summary, steppedAt, generation, details };
    this.#instances.set(id, entry);
    this.#recordIds.set(ref, id);
    const message = instanceChange(before, entry);
    const { revision } = served;
    if (message !== undefined) this.#addEvent('instance-changed', ref, message, steppedAt, { revision });
  }

  #childWritten({ step: { record }, action, outcome }: ChildWritten): void {
    const why =
      action.why === 'drift' ? `, drift: ${driftText(action)}` : outcome === 'deleted' ? ` (${action.why})` : '';
    const subject = this.#refOf(record.id);
    if (subject === undefined) return;
    this.#addEvent('wrote', subject, `${action.nodeId}: ${outcome}${why}`, record.steppedAt, { outcome });
  }

  #instanceGone(recordId: string): void {
    const entry = this.#instances.get(recordId);
    if (entry === undefined) return;
    this.#instances.delete(recordId);
    if (this.#recordIds.get(entry.summary.ref) === recordId) this.#recordIds.delete(entry.summary.ref);
    this.#addEvent('instance-removed', entry.summary.ref, 'the instance is gone', this.#clock.now());
  }

  #passFailed({ work, error }: PassFailed): void {
    // The key of a definition is its name, and the key of an instance is the id of its record, which contains slashes.
    const subject = work.key.includes('/') ? this.#refOf(work.key) : work.key;
    if (subject === undefined) return;
    const { message } = TypeKroError.from(error, { code: 'controller/unexpected' });
    this.#addEvent('failed', subject, message, this.#clock.now());
  }

  /** The address of an instance; `undefined` when the instance has no report and its kind is not served. */
  #refOf(recordId: string): string | undefined {
    const known = this.#instances.get(recordId)?.summary.ref;
    if (known !== undefined) return known;
    // There is no report before the first step, so the id of the record supplies the type and the name.
    const [group = '', kind = '', namespace = '', name = ''] = recordId.split('/');
    const isGraph = group === GraphObject.TYPE.group && kind === GraphObject.TYPE.kind;
    const type = this.#served.of(group, kind)?.type ?? (isGraph ? GraphObject.TYPE : undefined);
    if (type === undefined) return undefined;
    const place = namespace === '' ? {} : { namespace };
    return internString(instanceRef({ apiVersion: formatApiVersion(type), kind, ...place, name }));
  }

  #addEvent(
    type: InspectEvent['type'],
    subject: string,
    message: string,
    at: number,
    facts: Pick<InspectEvent, 'outcome' | 'revision'> = {},
  ): void {
    this.#lastId += 1;
    const event: InspectEvent = { id: this.#lastId, at, type, subject, ...facts, message: internString(message) };
    this.#events.push(event);
    if (this.#events.length > KEPT_EVENTS) this.#events.shift();
    for (const listener of this.#listeners) listener(event);
  }
}

/** What changed in the report of a definition, in a few words; `undefined` when the change needs no event. */
function definitionChange(before: DefinitionSummary | undefined, after: DefinitionSummary): string | undefined {
  if (before === undefined) return after.state;
  if (before.state !== after.state) return `${before.state} -> ${after.state}`;
  if (before.revision !== after.revision) return `revision ${after.revision ?? 'none'}`;
  const known = new Map(before.conditions.map((condition) => [condition.type, condition]));
  const changed = after.conditions.find(
    (condition) => !jsonEquals(known.get(condition.type) as never, condition as never),
  );
  if (changed !== undefined) {
    const { type, status, observedGeneration } = changed;
    return `${type} ${status}${observedGeneration === undefined ? '' : ` for generation ${observedGeneration}`}`;
  }
  const isSame = jsonEquals({ ...before, instances: 0 } as never, { ...after, instances: 0 } as never);
  return isSame ? undefined : 'the definition changed';
}

/** What changed in the report of an instance, in a few words; `undefined` when the change needs no event. */
function instanceChange(before: InstanceEntry | undefined, after: InstanceEntry): string | undefined {
  const { state } = after.summary;
  if (before === undefined) return state;
  if (before.summary.state !== state) return `${before.summary.state} -> ${state}`;
  if (before.summary.revision !== after.summary.revision) return `revision ${after.summary.revision ?? 'none'}`;
  if (before.generation !== after.generation) return `${state} for generation ${after.generation}`;
  // The entry of an ACTIVE instance has no details, so there are no nodes to compare.
  if (after.details === undefined) return undefined;
  const known = new Map(before.details?.nodes.map((node) => [node.id, node]));
  const changed = after.details.nodes.find((node) => {
    // A node that is being written causes no event here, because its write has an event of its own (`wrote`).
    if (node.state === 'applying') return false;
    const old = known.get(node.id);
    return old?.state !== node.state || old.because.kind !== node.because.kind;
  });
  return changed && `${changed.id}: ${changed.state}`;
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
