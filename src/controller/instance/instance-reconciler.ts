import type { KubeObject } from '../../core/index.ts';
import { monotonicMs, RETRY_POLICIES, SILENT_RETRIES } from '../../core/index.ts';
import type { WriteRules } from '../../execute/index.ts';
import { attemptRead, carryOut } from '../../execute/index.ts';
import type { Clock, KubernetesApi } from '../../kube/index.ts';
import type { AdoptionPolicy, Decision, ObjectType, StepOptions } from '../../runtime/index.ts';
import { readNowSample, step as decide, StepMemory, stepUnresolved } from '../../runtime/index.ts';
import type { KindCache } from '../cache/kind-cache.ts';
import { internString } from '../cache/intern.ts';
import type { ControllerListener, InstanceStep } from '../controller-event.ts';
import type { EventLoopYielder } from '../queue/event-loop-yielder.ts';
import type { WorkResult } from '../queue/runner.ts';
import type { Outcome } from '../rollout/canary.ts';
import type { ServedKind } from '../served-kinds.ts';
import type { AnswerContext } from './instance-answers.ts';
import { failedReads, InstanceAnswers } from './instance-answers.ts';
import { InstanceParent } from './instance-parent.ts';
import { cacheKey, ObservedView } from './observed-view.ts';
import type { InstanceRecord } from './record.ts';

/** After so many steps in a row an instance lets others have their turn. */
const MAX_STEPS = 64;

/** No failure is the last word for a controller. */
const RULES: WriteRules = { backoff: RETRY_POLICIES.instanceWrite, silentRetries: SILENT_RETRIES, lasting: 'retried' };

/** What instances are reconciled with. */
export interface InstanceReconcilerOptions {
  /** The controller's own, for the instances themselves. */
  readonly client: KubernetesApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly version: string;
  readonly maxCollectionSize: number;
  readonly adoption: AdoptionPolicy;
  readonly budget: number | undefined;
  /** May templates put objects outside the instance's namespace? */
  readonly namespaces: 'any' | 'instance' | undefined;
  /** Says when steps, which may evaluate for long, are to let others have their turn. */
  readonly pacer: EventLoopYielder;
  readonly onEvent: ControllerListener;
  /** Told of the ApplySet of an instance as soon as it is known. */
  readonly onApplySet: (record: InstanceRecord) => void;
  /** Told when a revision came to something else on an instance than before. */
  readonly onOutcome: (record: InstanceRecord) => void;
}

/** Carries out what `runtime.step` decides for one instance, step by step until there is nothing left to do. */
export class InstanceReconciler {
  readonly #options: InstanceReconcilerOptions;
  /** What an instance came to last: the same for most. */
  #outcome: Outcome | undefined;

  constructor(options: InstanceReconcilerOptions) {
    this.#options = options;
  }

  /**
   * One pass. Every answer of the server is in the cache before the next step, so a graph of depth D
   * needs D round trips; the pass ends when nothing is left to do or something has to happen first.
   */
  async pass(
    record: InstanceRecord,
    served: ServedKind,
    instances: KindCache,
    signal: AbortSignal,
  ): Promise<WorkResult> {
    const { clock, random, pacer } = this.#options;
    const { client, caches, user } = served.access;
    const projectionGeneration = () => needOf(served);
    const context: AnswerContext = { client, user, caches, clock, random, signal, projectionGeneration };
    // What the nodes want is made once for all steps of the pass, as long as what it is made from stays the same.
    const memory = record.memory ?? new StepMemory();
    for (let steps = 0; steps < MAX_STEPS; steps += 1) {
      while (pacer.due) await pacer.break();
      const instance = instances.get(record.key)?.object;
      if (instance === undefined || signal.aborted) return {};
      const { step, learned } = await this.#decide(record, served, instance, memory, signal);
      const { decision } = step;
      const acted = await this.#carryOut(context, instances, step);
      if (!acted && !learned) return decision.requeueAt === undefined ? {} : { requeueAt: decision.requeueAt };
    }
    return { requeueAt: clock.now() };
  }

  /** What a step would decide now. Nothing is done about it, or remembered of it. */
  explain(record: InstanceRecord, served: ServedKind, instance: KubeObject): Decision {
    return this.#step({ ...record }, served, instance).decision;
  }

  #step(record: InstanceRecord, served: ServedKind, instance: KubeObject, memory?: StepMemory) {
    const view = new ObservedView(served.access, record, this.#options.clock.now(), needOf(served));
    const options = { ...this.#stepOptions(record, served, instance), ...given('memory', memory) };
    const decision =
      served.graph === undefined
        ? stepUnresolved(instance, served.failure ?? 'latest issued graph revision not available', view, options)
        : decide(served.graph, instance, view, options);
    return { view, decision };
  }

  async #decide(
    record: InstanceRecord,
    served: ServedKind,
    instance: KubeObject,
    memory: StepMemory,
    signal: AbortSignal,
  ) {
    const { clock, onEvent, onApplySet } = this.#options;
    const { caches } = served.access;
    const began = monotonicMs();
    const { view, decision } = this.#step(record, served, instance, memory);
    const milliseconds = monotonicMs() - began;
    record.memory = decision.nodes.some(({ because }) => because.kind === 'expression-failed') ? memory : undefined;
    if (record.applySet === undefined) {
      record.applySet = decision.inventory.id;
      onApplySet(record);
    }
    // A time that was never written is not to be gone on with.
    if (!decision.statusChanged) record.statusNow = decision.statusNow;
    record.served = served;
    record.steppedAt = clock.now();
    this.#noteOutcome(record, outcomeOf(decision, served.revision));
    for (const { target, pair } of decision.settled) {
      caches.peek(target.type)?.settle(cacheKey(target), pair);
    }
    const learned = await this.#findMemberKinds(record, served, view, signal);
    const kinds = [...view.askedKinds].flatMap(([key, { group, kind, namespaces }]) => {
      const type = nodeTypeOf(served, group, kind) ?? record.memberKinds?.get(key);
      return type === undefined || type === 'unserved' ? [] : [{ type, namespaces }];
    });
    caches.setInterest(record.id, decision.watch, kinds);
    const step = { record, instance, served, decision, milliseconds };
    onEvent({ kind: 'instance-stepped', step });
    return { step, learned };
  }

  #noteOutcome(record: InstanceRecord, outcome: Outcome): void {
    if (isSame(record.outcome, outcome)) return;
    // One for all instances that came to the same.
    if (!isSame(this.#outcome, outcome)) this.#outcome = outcome;
    record.outcome = this.#outcome;
    this.#options.onOutcome(record);
  }

  /** True when another step is due. */
  #carryOut(context: AnswerContext, instances: KindCache, step: InstanceStep): Promise<boolean> {
    const { record, instance, decision } = step;
    const { client, onEvent } = this.#options;
    const parent = new InstanceParent(client, instances, instance, context.signal);
    return carryOut(decision, {
      api: context.client,
      user: context.user,
      clock: context.clock,
      random: context.random,
      signal: context.signal,
      effects: 'write',
      rules: RULES,
      instance,
      parent,
      view: new InstanceAnswers(context, record),
      sink: {
        childApplied: (action) => onEvent({ kind: 'child-applied', step, action }),
        childDeleted: (action) => onEvent({ kind: 'child-deleted', step, action }),
      },
      async writeStatus() {
        await parent.writeStatus(decision.status);
        record.statusNow = decision.statusNow;
        onEvent({ kind: 'instance-changed', step });
      },
    });
  }

  /**
   * Finds out in which version members of a kind can be read: the graph's own, else the group's preferred
   * one. True when a kind turned out to be served by nobody, or could not be asked for: no watch will tell.
   */
  async #findMemberKinds(
    record: InstanceRecord,
    served: ServedKind,
    view: ObservedView,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { clock, random } = this.#options;
    const context = { clock, random, signal, user: served.access.user };
    let learned = false;
    for (const [key, { group, kind }] of view.askedKinds) {
      if (nodeTypeOf(served, group, kind) !== undefined || record.memberKinds?.get(key) !== undefined) continue;
      if ((record.unread?.get(key)?.retryAt ?? 0) > clock.now()) continue;
      const found = await attemptRead(context, failedReads(record), key, () => discover(served, group, kind, signal));
      if (found.ok) (record.memberKinds ??= new Map()).set(key, found.value ?? 'unserved');
      learned ||= !found.ok || found.value === undefined;
    }
    return learned;
  }

  #stepOptions(record: InstanceRecord, served: ServedKind, instance: KubeObject): StepOptions {
    const { clock, version, maxCollectionSize, adoption, budget, namespaces } = this.#options;
    const now = clock.now();
    // Where there is no graph nothing asks for the time, and what was sampled stays.
    if (served.graph !== undefined) sampleNow(record, served, instance, now);
    return {
      now,
      version,
      definitionUid: served.definitionUid,
      maxCollectionSize,
      adoption: served.policies.adoption ?? adoption,
      nodeAdoption: served.policies.nodeAdoption,
      templateNow: record.templateNow?.at ?? now,
      plainData: true,
      revision: served.revision,
      ...(record.statusNow === undefined ? {} : { statusNow: record.statusNow }),
      ...given('authorConditions', served.authorConditions),
      ...given('explain', served.policies.explain),
      ...given('budget', served.policies.budget ?? budget),
      ...given('namespaces', served.policies.namespaces ?? namespaces),
    };
  }
}

/** `now()` in a template moves with what the user or the author changed, never with a child's event. */
function sampleNow(record: InstanceRecord, { revision }: ServedKind, instance: KubeObject, now: number): void {
  const sample = internString([instance.metadata.generation ?? 0, revision].join(' '));
  // What an earlier process sampled is recorded in the status.
  const stored = record.templateNow === undefined ? readNowSample(instance) : undefined;
  const goesOn = stored !== undefined && `${stored.generation} ${stored.revision}` === sample;
  if (goesOn) record.templateNow = { sample, at: stored.template };
  if (goesOn) record.statusNow ??= stored.status;
  if (record.templateNow?.sample !== sample) record.templateNow = { sample, at: now };
}

function isSame(a: Outcome | undefined, b: Outcome): boolean {
  return a?.revision === b.revision && a.state === b.state && a.message === b.message;
}

/** What a revision came to on an instance, as its conditions have it. */
function outcomeOf({ conditions, state, quiet }: Decision, revision: number): Outcome {
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (quiet && ready?.status === 'True') return { revision, state: 'ready', message: '' };
  return { revision, state: state === 'ERROR' ? 'failed' : 'waiting', message: ready?.message ?? '' };
}

/** What the graph reads is kept from its first step on. */
function needOf({ graph, access }: ServedKind): number {
  return graph === undefined ? 0 : access.caches.keepGraph(graph);
}

async function discover(
  served: ServedKind,
  group: string,
  kind: string,
  signal: AbortSignal,
): Promise<ObjectType | undefined> {
  const found = await served.access.client.discovery.inGroup(group, kind, { signal });
  if (found === undefined) return undefined;
  const { version, plural, namespaced } = found;
  return { group, version, kind, plural, namespaced };
}

function nodeTypeOf(served: ServedKind, group: string, kind: string): ObjectType | undefined {
  for (const { type, plural, namespaced } of served.graph?.nodes.values() ?? []) {
    if (type.group === group && type.kind === kind) return { ...type, plural, namespaced };
  }
  return undefined;
}

function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
