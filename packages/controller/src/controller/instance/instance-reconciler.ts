import type { GroupVersionKind, KubeObject, ObjectRef } from '@typekro/kit/core';
import {
  backoffMs,
  definedMembers,
  earliest,
  typeMetaOf,
  monotonicMs,
  parseApiVersion,
  RETRY_POLICIES,
  SILENT_RETRIES,
} from '@typekro/kit/core';
import { type WriteRules, attemptRead, carryOut, eachEffect, TargetClaims } from '../../execute/index.ts';
import { type KroCompatibility, Nodes } from '@typekro/engine/graph';
import { type Clock, type KubernetesApi, elapsed } from '@typekro/kube';
import type { Decision, ObjectTarget, ObjectType, Observations, StepOptions } from '@typekro/engine/runtime';
import { Finalizers, NowSample, Outcome, SpecialStep, step as decide, StepMemory } from '@typekro/engine/runtime';
import type { KindCache } from '../cache/kind-cache.ts';
import { cacheKey } from '../cache/scope-watch.ts';
import { internString } from '../cache/intern.ts';
import { kindId } from '../cache/kept-reads.ts';
import type { ControllerListener, InstanceStep } from '../controller-event.ts';
import type { EventLoopYielder } from '../queue/event-loop-yielder.ts';
import type { WorkResult } from '../queue/runner.ts';
import type { Traces } from '../telemetry/traces.ts';
import type { RevisionOutcome } from '../rollout/canary.ts';
import { type ControllerSettings, stepOptionsOf } from '../settings.ts';
import { type ServedKind, isChosenFor, isOfState } from '../served-kinds.ts';
import { type AnswerContext, failedReads, InstanceAnswers } from './instance-answers.ts';
import { GraphParent } from '../graph/graph-parent.ts';
import { InstanceParent } from './instance-parent.ts';
import { ObservedView } from './observed-view.ts';
import { Contests } from '../drift/contests.ts';
import { type InstanceRecord, forgetFailures } from './record.ts';
import { UnwatchedObjects } from './unwatched-objects.ts';
import { answerRequest, reconcileRequest } from '../reconcile-request.ts';

/** The maximum number of steps in one pass. After them, other instances get a turn. */
const MAX_STEPS = 64;

/** The time after which the status is written although the writes of children are not complete, in milliseconds. */
const MAX_UNREPORTED_MS = 2000;

/**
 * The number of steps before such a write. A pass with fewer steps that takes long waits for responses, and the status
 * reports failed requests only if they persist.
 */
const MIN_STEPS_OF_LONG_PASS = 8;

/** The controller retries every failure. */
const RULES: WriteRules = { backoff: RETRY_POLICIES.instanceWrite, silentRetries: SILENT_RETRIES, lasting: 'retried' };

/** The dependencies of an `InstanceReconciler`. */
export interface InstanceReconcilerOptions {
  /** The controller's own client, for the instances themselves. */
  readonly client: KubernetesApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly version: string;
  readonly settings: ControllerSettings;
  /** Yields between steps, because the evaluation of a step may take long. */
  readonly yielder: EventLoopYielder;
  readonly onEvent: ControllerListener;
  /** Reports the writes of each decision as a span. Default: no spans. */
  readonly traces?: Traces;
  /** Called as soon as the ApplySet of an instance is known. */
  readonly onApplySet: (record: InstanceRecord) => void;
  /** Called when the outcome of a revision for an instance has changed. */
  readonly onOutcome: (record: InstanceRecord) => void;
}

/** Carries out the decisions of `runtime.step` for one instance until nothing is left to do. */
export class InstanceReconciler {
  readonly #options: InstanceReconcilerOptions;
  readonly #claims: TargetClaims;
  readonly #contests = new Contests();
  /** The last outcome. Most instances have an equal outcome and share this object. */
  #outcome: RevisionOutcome | undefined;

  constructor(options: InstanceReconcilerOptions) {
    this.#options = options;
    this.#claims = new TargetClaims(options.clock);
  }

  /**
   * Runs one pass. Every response of the server is in the cache before the next step, so a graph of depth D takes D
   * round trips. The pass ends when nothing is left to do, when the next step must wait for an event, when the instance
   * is served in another way (for example with a new graph), and after `MAX_STEPS` steps.
   *
   * @param isCurrent false as soon as the kind is served in another way than when the pass began
   */
  async pass(
    record: InstanceRecord,
    served: ServedKind,
    instances: KindCache,
    isCurrent: () => boolean,
    signal: AbortSignal,
  ): Promise<WorkResult> {
    const { clock, random, yielder, traces } = this.#options;
    const { client, caches, user } = served.identity;
    const projectionGeneration = () => projectionGenerationOf(served);
    const contests = this.#contests;
    const context: AnswerContext = { client, user, caches, contests, clock, random, signal, projectionGeneration };
    record.deleted = undefined;
    record.confirmed = undefined;
    if (served.origin === 'graph') (record.unwatched ??= new UnwatchedObjects()).begin();
    await this.#takeRequest(record, served, instances, context);
    // Rendered templates are kept for all steps of the pass while their inputs do not change.
    const memory = record.memory ?? new StepMemory();
    const lookedUp = new Set<string>();
    for (let steps = 0; steps < MAX_STEPS; steps += 1) {
      while (yielder.due) await yielder.break();
      const instance = instances.get(record.key)?.object;
      if (instance === undefined || signal.aborted) return {};
      // A user changed the Graph or the definition during the pass. The next pass has the new graph and the new
      // account. The old graph would read a spec that was written for the new one, and would delete objects that the
      // new graph keeps.
      if (!isCurrent() || !isChosenFor(served, instance)) return { requeueAt: clock.now() };
      const { step, learned } = await this.#decide(record, served, instance, memory, lookedUp, signal);
      // A look-up of a kind may take minutes. A decision about an earlier spec, or by an earlier graph, is not carried
      // out.
      const latest = instances.get(record.key)?.object;
      if (latest === undefined || !isCurrent() || !isOfState(latest, instance.metadata)) continue;
      const { decision } = step;
      const write = () => this.#carryOut(context, instances, step, steps);
      const acted = await (traces === undefined ? write() : traces.writes(write));
      if (acted || learned) continue;
      record.unreportedSince = undefined;
      await this.#answerRequest(record, instances, signal);
      if (decision.quiet) record.unwatched?.end();
      if (record.unwatched?.empty === true) record.unwatched = undefined;
      const requeueAt = earliest([decision.requeueAt, this.#retryAt(record, served, decision)]);
      return requeueAt === undefined ? {} : { requeueAt };
    }
    return { requeueAt: clock.now() };
  }

  /**
   * The time of the next pass over a Graph that waits. Watches usually wake the Graph earlier. Only this pass finds
   * changes of objects that the account of the Graph may not watch.
   */
  #retryAt(record: InstanceRecord, served: ServedKind, decision: Decision): number | undefined {
    const { graph, origin, isKindMissing = false } = served;
    const isReady = decision.conditions.find(({ type }) => type === 'Ready')?.status === 'True';
    const isOpen =
      decision.state === 'DELETING'
        ? decision.finalizer === 'keep'
        : (graph !== undefined || isKindMissing) && !isReady;
    if (origin !== 'graph' || !isOpen) {
      record.waits = 0;
      record.waitsUntil = 0;
      return undefined;
    }
    const { clock, random } = this.#options;
    const now = clock.now();
    // An event, such as the event of the controller's own status write, woke the Graph during the pause. The pause
    // continues.
    if (now < record.waitsUntil) return record.waitsUntil;
    record.waits += 1;
    record.waitsUntil = now + backoffMs(RETRY_POLICIES.waitingGraph, record.waits, random());
    return record.waitsUntil;
  }

  /**
   * Begins a pass that a client has requested, or the first pass after a suspension. Clears remembered failures, and
   * reads the objects of the graph's nodes from the API server.
   */
  async #takeRequest(
    record: InstanceRecord,
    served: ServedKind,
    instances: KindCache,
    context: AnswerContext,
  ): Promise<void> {
    const instance = instances.get(record.key)?.object;
    const request = instance === undefined ? undefined : reconcileRequest(instance);
    const wasSuspended = record.isSuspended;
    record.isSuspended = instance !== undefined && Finalizers.isSuspended(instance);
    const isRequested = request !== undefined && request !== record.request;
    const isResumed = wasSuspended && !record.isSuspended;
    if (instance === undefined || !(isRequested || isResumed)) return;
    record.request = request;
    forgetFailures(record, context.clock.now());
    const { nodes } = this.explain(record, served, instance);
    const targets = nodes.flatMap(({ objects }) => objects).flatMap(({ object }) => targetOf(served, object) ?? []);
    const answers = new InstanceAnswers(context, record);
    await eachEffect(this.#options.clock, targets, (target) =>
      answers.read({ kind: 'whole-object', nodeId: '', target, why: 'no-equivalence' }),
    );
  }

  /** Removes the request of a client from the instance, at the end of the requested pass. */
  async #answerRequest(record: InstanceRecord, instances: KindCache, signal: AbortSignal): Promise<void> {
    const instance = instances.get(record.key)?.object;
    if (record.request === undefined || instance === undefined) return;
    if (reconcileRequest(instance) !== record.request) {
      record.request = undefined;
      return;
    }
    const answer = await answerRequest(this.#options.client, instance, signal);
    if (answer !== undefined) instances.observe(answer);
  }

  /** Returns the decision that a step would make now. Does not carry it out, and does not change the record. */
  explain(record: InstanceRecord, served: ServedKind, instance: KubeObject): Decision {
    return this.#step({ ...record }, served, instance).decision;
  }

  #step(record: InstanceRecord, served: ServedKind, instance: KubeObject, memory?: StepMemory) {
    const { graph, identity } = served;
    const now = this.#options.clock.now();
    const view = new ObservedView({ ...identity, contests: this.#contests }, record, now, () =>
      projectionGenerationOf(served),
    );
    const options = {
      ...this.#stepOptions(record, served, instance),
      ...definedMembers({ memory }),
      kinds: (type: GroupVersionKind, nodeId?: string) => {
        const found = view.typeOf(type);
        // Before the step reads an object, the projections of its kind must contain the fields that the graph reads.
        if (found !== undefined && nodeId !== undefined && graph !== undefined) {
          identity.caches.keepComputedKind(graph, nodeId, type);
        }
        return found;
      },
    };
    const decision = decideFor(served, instance, view, options);
    return { view, decision };
  }

  async #decide(
    record: InstanceRecord,
    served: ServedKind,
    instance: KubeObject,
    memory: StepMemory,
    lookedUp: Set<string>,
    signal: AbortSignal,
  ) {
    const { clock, onEvent, onApplySet } = this.#options;
    const { caches } = served.identity;
    const began = monotonicMs();
    let { view, decision } = this.#step(record, served, instance, memory);
    while (await this.#lookUpTypes(served, view, lookedUp, signal)) {
      ({ view, decision } = this.#step(record, served, instance, memory));
    }
    const milliseconds = monotonicMs() - began;
    record.memory = decision.nodes.some(({ because }) => because.kind === 'expression-failed') ? memory : undefined;
    // A Graph has no ApplySet.
    if (record.applySet === undefined && served.origin !== 'graph') {
      record.applySet = decision.inventory.id;
      onApplySet(record);
    }
    // Keeps the value of `now()` in the status for the next step. If the status has changed, its value is kept only
    // after the status is written.
    if (!decision.statusChanged) record.statusNow = decision.statusNow;
    noteServed(record, served);
    record.steppedAt = clock.now();
    this.#noteOutcome(record, outcomeOf(decision, served.revision));
    for (const equivalence of decision.equivalences) {
      const { target, pair, writer } = equivalence;
      caches.peek(target.type)?.setEquivalence(cacheKey(target), pair, writer);
      record.unwatched?.setEquivalence(equivalence);
    }
    const learned = await this.#findMemberKinds(record, served, view, signal);
    const kinds = [...view.requestedKinds].flatMap(([key, { group, kind, namespaces }]) => {
      const type = nodeTypeOf(served, group, kind) ?? record.memberKinds?.get(key);
      return type === undefined || type === 'unserved' ? [] : [{ type, namespaces }];
    });
    caches.setInterest(record.id, decision.watch, kinds);
    const step = { record, instance, served, decision, milliseconds };
    onEvent({ kind: 'instance-stepped', step });
    return { step, learned };
  }

  #noteOutcome(record: InstanceRecord, outcome: RevisionOutcome): void {
    if (isSame(record.outcome, outcome)) return;
    // Instances with equal outcomes share one object.
    if (!isSame(this.#outcome, outcome)) this.#outcome = outcome;
    record.outcome = this.#outcome;
    this.#options.onOutcome(record);
  }

  /** Carries out a decision. Returns true when another step must follow. */
  #carryOut(context: AnswerContext, instances: KindCache, step: InstanceStep, steps: number): Promise<boolean> {
    const { record, instance, decision } = step;
    const { client, onEvent, settings, clock } = this.#options;
    const began = (record.unreportedSince ??= elapsed(clock));
    const parent = parentOf(step.served, settings.level, client, instances, instance, context.signal);
    return carryOut(decision, {
      api: context.client,
      user: context.user,
      clock: context.clock,
      random: context.random,
      signal: context.signal,
      effects: 'write',
      rules: RULES,
      instance,
      graph: step.served.graph,
      parent,
      claims: this.#claims,
      view: new InstanceAnswers(context, record),
      sink: {
        childApplied: (action) => onEvent({ kind: 'child-written', step, action, outcome: Outcome.ofApply(action) }),
        childDeleted: (action) => onEvent({ kind: 'child-written', step, action, outcome: 'deleted' }),
        childOrphaned: (action) => onEvent({ kind: 'child-written', step, action, outcome: 'orphaned' }),
      },
      async writeStatus() {
        const outcome = await parent.writeStatus(decision.status);
        if (outcome === 'decide-again') return outcome;
        record.statusNow = decision.statusNow;
        record.unreportedSince = undefined;
        onEvent({ kind: 'instance-changed', step });
        return outcome;
      },
      isStatusOverdue: () => steps >= MIN_STEPS_OF_LONG_PASS && elapsed(clock) - began >= MAX_UNREPORTED_MS,
    });
  }

  /**
   * Looks up the types that a step did not know. Returns true when it looked up any. The caller must then repeat the
   * step, because the step treated unknown types as not served.
   */
  async #lookUpTypes(
    { identity }: ServedKind,
    { unknownTypes }: ObservedView,
    lookedUp: Set<string>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const fresh = unknownTypes.filter((type) => !lookedUp.has(kindId(type)));
    for (const type of fresh) lookedUp.add(kindId(type));
    const { discovery } = identity.client;
    await Promise.all(fresh.map((type) => discovery.resourceOf(typeMetaOf(type), { signal })));
    return fresh.length > 0;
  }

  /**
   * For each kind whose ApplySet members the step requested, finds the version in which they can be read: the version
   * in the graph, or for a kind that the graph does not have, the version that discovery prefers. Returns true when
   * discovery found that a kind is not served, or failed. Another step must then follow, because no watch reports this
   * result.
   */
  async #findMemberKinds(
    record: InstanceRecord,
    served: ServedKind,
    view: ObservedView,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { clock, random } = this.#options;
    const context = { clock, random, signal, user: served.identity.user };
    let learned = false;
    for (const [key, { group, kind }] of view.requestedKinds) {
      if (nodeTypeOf(served, group, kind) !== undefined || record.memberKinds?.get(key) !== undefined) continue;
      if ((record.unread?.get(key)?.retryAt ?? 0) > clock.now()) continue;
      const found = await attemptRead(context, failedReads(record), key, () =>
        served.identity.client.discovery.inGroup(group, kind, { signal }),
      );
      if (found.ok) (record.memberKinds ??= new Map()).set(key, found.value ?? 'unserved');
      learned ||= !found.ok || found.value === undefined;
    }
    return learned;
  }

  #stepOptions(record: InstanceRecord, served: ServedKind, instance: KubeObject): StepOptions {
    const { clock, version, settings } = this.#options;
    const now = clock.now();
    // Without a graph no template reads the time, so the sample stays.
    if (served.graph !== undefined) sampleNow(record, served, instance, now);
    return {
      ...stepOptionsOf(settings, served.policies),
      now,
      version,
      definitionUid: served.definitionUid,
      templateNow: record.templateNow?.at ?? now,
      revision: served.revision,
      ...definedMembers({ newestRevision: served.newestRevision, statusNow: record.statusNow }),
      ...definedMembers({ account: served.origin === 'graph' ? served.identity.user : undefined }),
      ...definedMembers({ makers: served.makers, authorConditions: served.authorConditions }),
    };
  }
}

/**
 * Records the served kind. The record of a Graph holds the compiled graph only weakly, so that the graph can be freed
 * while the Graph needs no pass.
 */
function noteServed(record: InstanceRecord, served: ServedKind): void {
  if (served.origin !== 'graph') {
    record.served = served;
    return;
  }
  const { graph, ...rest } = served;
  record.served = rest;
  if (record.graph === undefined || record.graph.deref() !== graph) {
    record.graph = graph === undefined ? undefined : new WeakRef(graph);
  }
}

/**
 * Samples the time for `now()` in templates. The sample changes with the generation of the instance or with the
 * revision. Events of children never change it.
 */
function sampleNow(record: InstanceRecord, { revision }: ServedKind, instance: KubeObject, now: number): void {
  const sample = internString([instance.metadata.generation ?? 0, revision].join(' '));
  // After a restart of the controller, the sample comes from the status of the instance.
  const stored = record.templateNow === undefined ? NowSample.read(instance) : undefined;
  const isValid = stored !== undefined && `${stored.generation} ${stored.revision}` === sample;
  if (isValid) record.templateNow = { sample, at: stored.template };
  if (isValid) record.statusNow ??= stored.status;
  if (record.templateNow?.sample !== sample) record.templateNow = { sample, at: now };
}

function isSame(a: RevisionOutcome | undefined, b: RevisionOutcome): boolean {
  return a?.revision === b.revision && a.state === b.state && a.message === b.message;
}

/** The outcome of a revision for an instance, according to the decision. */
function outcomeOf({ conditions, state, quiet }: Decision, revision: number): RevisionOutcome {
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (quiet && ready?.status === 'True') return { revision, state: 'ready', message: '' };
  return { revision, state: state === 'ERROR' ? 'failed' : 'waiting', message: ready?.message ?? '' };
}

/** The decision of a step for an instance of a definition, or for a Graph. */
function decideFor(served: ServedKind, instance: KubeObject, view: Observations.Observed, options: StepOptions) {
  const { graph, failure, deletionProblem, origin } = served;
  if (graph !== undefined) return decide(graph, instance, view, options);
  if (deletionProblem !== undefined)
    return SpecialStep.graphDeletion(instance, view, options, undefined, deletionProblem);
  if (origin === 'graph') return SpecialStep.refusedGraph(instance, failure ?? '', view, options);
  return SpecialStep.unresolved(instance, failure ?? 'latest issued graph revision not available', view, options);
}

/** The port for the writes of an instance's own metadata and status. */
function parentOf(
  { origin, graph }: ServedKind,
  level: KroCompatibility,
  ...parts: ConstructorParameters<typeof GraphParent>
): InstanceParent | GraphParent {
  return origin === 'graph'
    ? new GraphParent(...parts)
    : new InstanceParent(...parts, { level, recordsObjects: graph?.recordsObjects });
}

/** The projection generation of a graph. After the first call, the caches keep the paths that the graph reads. */
function projectionGenerationOf({ graph, identity }: ServedKind): number {
  return graph === undefined ? 0 : identity.caches.keepGraph(graph);
}

function nodeTypeOf(served: ServedKind, group: string, kind: string): ObjectType | undefined {
  for (const { type, plural, namespaced } of served.graph === undefined ? [] : Nodes.typed(served.graph)) {
    if (type.group === group && type.kind === kind) return { ...type, plural, namespaced };
  }
  return undefined;
}

/**
 * The target of an object. `undefined` when no node of the graph has the kind, as for some objects of retired nodes.
 */
function targetOf(served: ServedKind, { apiVersion, kind, name, namespace }: ObjectRef): ObjectTarget | undefined {
  const type = nodeTypeOf(served, parseApiVersion(apiVersion).group, kind);
  return type === undefined ? undefined : { type, name, ...(namespace === undefined ? {} : { namespace }) };
}
