import type { JsonObject, KubeObject } from '../../core/index.ts';
import { formatApiVersion, jsonEquals, refOf } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import { isNotFound } from '../../kube/index.ts';
import type { Clock, KubernetesApi } from '../../kube/index.ts';
import type { Accesses } from '../access.ts';
import type { CacheSet } from '../cache/cache-set.ts';
import type { KindCache } from '../cache/kind-cache.ts';
import { apiFailure } from '../instance/api-failure.ts';
import { pinnedRevision } from '../instance/instance-directory.ts';
import type { ConditionValue } from '../../runtime/index.ts';
import { failureText, keys, readConditions } from '../../runtime/index.ts';
import { remainingText } from './remaining-text.ts';
import type { ControllerObserver } from '../observer.ts';
import type { WorkResult } from '../queue/runner.ts';
import type { Outcome } from '../rollout/canary.ts';
import { Rollouts } from '../rollout/rollouts.ts';
import type { ServedKind, ServedKinds } from '../served-kinds.ts';
import { instanceTypeOf } from '../served-kinds.ts';
import type { Compiled, DefinitionCompiler } from './compiler.ts';
import { CrdEnsurer } from './crd-ensurer.ts';
import type { Definition } from './definition.ts';
import { DEFINITION_TYPE, readDefinition } from './definition.ts';
import type { DefinitionCondition, DefinitionStatus } from './definition-status.ts';
import { definitionStatus, outcomes } from './definition-status.ts';
import { readPolicies } from './policies.ts';
import { RevisionStore } from './revision-store.ts';
import type { Revision } from './revision.ts';

/** What definitions are reconciled with. */
export interface DefinitionReconcilerOptions {
  readonly client: KubernetesApi;
  readonly caches: CacheSet;
  readonly clock: Clock;
  readonly compiler: DefinitionCompiler;
  readonly served: ServedKinds;
  readonly accesses: Accesses;
  readonly version: string;
  readonly maxGraphRevisions: number;
  readonly allowCrdDeletion: boolean;
  /** Instances are to be worked on by another graph, or by none, from now on. */
  readonly onServed: (definition: string) => void;
  readonly observer: ControllerObserver;
  /** What a revision came to on an instance. */
  readonly outcomeOf: (instanceId: string) => Outcome | undefined;
}

/** A status is held back for so long at most while something comes up. */
const PATIENCE_MS = 3000;

/** What a pass has found out so far. */
interface Pass {
  readonly definition: Definition;
  readonly compiled: Compiled;
  readonly conditions: Map<DefinitionCondition, ConditionValue>;
  rolledOut: ConditionValue | 'keep' | undefined;
  lastIssued: number;
  /** Something that a watch will tell is awaited; look again then at the latest. */
  waitingUntil: number | undefined;
}

/** A revision that works, and its graph. */
interface Working {
  readonly revision: Revision;
  readonly graph: Graph;
}

/** Keeps definitions: finalizer, revisions, instance CRD, the graph that instances run, and the status. */
export class DefinitionReconciler {
  readonly #options: DefinitionReconcilerOptions;
  readonly #revisions: RevisionStore;
  readonly #crds: CrdEnsurer;
  readonly #rollouts: Rollouts;
  readonly #patientSince = new Map<string, { readonly key: string; readonly since: number }>();

  constructor(options: DefinitionReconcilerOptions) {
    this.#options = options;
    this.#revisions = new RevisionStore(options);
    this.#crds = new CrdEnsurer(options);
    this.#rollouts = new Rollouts({
      revisions: this.#revisions,
      outcomeOf: options.outcomeOf,
      compile: async (name, { spec }, signal) => (await options.compiler.compile(name, spec, signal)).graph,
    });
  }

  /** One pass over a definition and all its revisions. */
  async pass(name: string, signal: AbortSignal): Promise<WorkResult> {
    const object = this.#options.caches.peek(DEFINITION_TYPE)?.get(`/${name}`)?.object;
    await this.#revisions.releaseDeleted(name, signal);
    if (object === undefined) return this.#gone(name);
    const definition = await this.#withFinalizer(readDefinition(object), signal);
    if (definition === undefined) return {};
    if (definition.deleting) return this.#remove(definition, signal);
    return this.#keep(definition, signal);
  }

  async #keep(definition: Definition, signal: AbortSignal): Promise<WorkResult> {
    const compiled = await this.#options.compiler.compile(definition.name, definition.spec, signal);
    const pass = newPass(definition, compiled);
    await this.#revisions.adopt(definition, signal);
    const working = await this.#resolve(pass, signal);
    if (working !== undefined) await this.#serve(pass, working, signal);
    this.#options.observer.definitionPassed(definition, compiled);
    const patience = this.#patience(pass);
    if (patience > 0) return { requeueAt: this.#options.clock.now() + patience };
    await this.#writeStatus(pass, signal);
    return pass.waitingUntil === undefined ? {} : { requeueAt: pass.waitingUntil };
  }

  /** Which revision is to be served: the newest that works; a new one is issued when the spec calls for it. */
  async #resolve(pass: Pass, signal: AbortSignal): Promise<Working | undefined> {
    const { definition, compiled, conditions } = pass;
    const latest = this.#revisions.live(definition.name).at(-1);
    if (compiled.graph === undefined) {
      this.#options.observer.revisionResolved('failed');
      conditions.set('GraphAccepted', outcomes.refused(compiled.message ?? 'the definition has errors'));
      await this.#lastGood(pass, signal);
      return undefined;
    }
    conditions.set('GraphAccepted', outcomes.accepted());
    const isKnown = latest !== undefined && this.#revisions.hashOf(latest) === compiled.hash;
    this.#options.observer.revisionResolved(isKnown ? 'serve' : 'issue');
    const revision = isKnown ? latest : await this.#issue(pass, compiled.graph, latest, signal);
    if (revision === undefined) return undefined;
    await this.#revisions.verified(revision, compiled.graph, signal);
    conditions.set('GraphRevisionsResolved', outcomes.resolved(revision.number));
    pass.lastIssued = Math.max(pass.lastIssued, revision.number);
    return { revision, graph: compiled.graph };
  }

  /** A new revision, unless it would only break the CRD: then the last one stays in force. */
  async #issue(
    pass: Pass,
    graph: Graph,
    latest: Revision | undefined,
    signal: AbortSignal,
  ): Promise<Revision | undefined> {
    const { definition, compiled } = pass;
    if (latest !== undefined) {
      const refusal = await this.#crds.refusalOf(definition, graph, signal);
      if (refusal !== undefined) {
        pass.conditions.set('KindReady', outcomes.kindFailed(refusal));
        await this.#lastGood(pass, signal);
        return undefined;
      }
    }
    const number = Math.max(pass.lastIssued, this.#revisions.highest(definition.name)) + 1;
    const issued = await this.#revisions.issue(definition, number, compiled.hash, signal);
    this.#options.observer.revisionIssued(definition, number, latest === undefined ? 'no_revision' : 'spec_changed');
    return issued;
  }

  /** The graph of a revision, for instances that are pinned to it; `undefined` when it is gone or does not compile. */
  async graphOf(name: string, number: number, signal: AbortSignal): Promise<Graph | undefined> {
    const revision = this.#revisions.live(name).find((each) => each.number === number);
    const graph = revision && (await this.#options.compiler.compile(name, revision.spec, signal)).graph;
    if (graph === undefined) this.#options.observer.revisionMissed();
    return graph;
  }

  /** How many revisions there are in each state. */
  revisionStates(): ReadonlyMap<string, number> {
    return this.#revisions.states();
  }

  /**
   * The newest spec cannot be served: the newest revision that works goes on. After a restart, when nothing is
   * served yet, it is taken up again; without any that works instances are told so, and can still be deleted.
   */
  async #lastGood(pass: Pass, signal: AbortSignal): Promise<void> {
    const { definition, conditions } = pass;
    const { compiler, served } = this.#options;
    const revisions = this.#revisions.live(definition.name);
    const newest = revisions.at(-1);
    for (const revision of revisions.toReversed()) {
      const { graph, message } = await compiler.compile(definition.name, revision.spec, signal);
      const resolved =
        graph === undefined ? outcomes.revisionFailed(revision.number) : outcomes.resolved(revision.number);
      if (revision === newest) conditions.set('GraphRevisionsResolved', resolved);
      if (graph === undefined) {
        await this.#revisions.failed(revision, message ?? '', signal);
        continue;
      }
      // The CRD is left as it is.
      const now = served.ofDefinition(definition.name);
      if ((now === undefined || now.revision === revision.number) && this.#crds.serves(definition, graph)) {
        await this.#startServing(pass, { revision, graph }, signal);
      }
      return;
    }
    const type = this.#crds.servedType(definition);
    if (newest === undefined || type === undefined) return;
    const failure = `latest issued graph revision ${newest.number} failed`;
    this.#handOver(pass, { type, failure, revision: newest.number });
  }

  /** Ensures the CRD and hands the graph to the instances. */
  async #serve(pass: Pass, working: Working, signal: AbortSignal): Promise<void> {
    const { definition, conditions } = pass;
    const ensured = await this.#crds.ensure(definition, working.graph, signal);
    if (ensured.state === 'refused') {
      conditions.set('KindReady', outcomes.kindFailed(ensured.message));
      return;
    }
    if (ensured.state === 'waiting') {
      this.#options.observer.revisionResolved('wait');
      pass.waitingUntil = ensured.until;
      return;
    }
    conditions.set('KindReady', outcomes.kindReady(working.graph.instance.kind));
    if (!(await this.#startServing(pass, working, signal))) return;
    const instances = this.#options.caches.peek(instanceTypeOf(working.graph));
    if (instances?.synced === true) conditions.set('ControllerReady', outcomes.running());
    else if (instances?.error !== undefined) {
      conditions.set('ControllerReady', outcomes.notStarted(failureText(apiFailure(instances.error, undefined))));
    } else pass.waitingUntil = this.#options.clock.now() + PATIENCE_MS;
    const pinned = this.#pinnedRevisions(instances);
    const base = this.#options.served.ofDefinition(definition.name)?.canary?.base.revision;
    if (base !== undefined) pinned.add(base);
    await this.#revisions.retire(definition.name, this.#options.maxGraphRevisions, pinned, signal);
  }

  /**
   * How long to hold the status back: while the CRD or the watch of a new definition comes up, which takes
   * moments, a status in between would only be replaced by the next.
   */
  #patience({ definition, waitingUntil }: Pass): number {
    const key = `${definition.uid} ${definition.generation}`;
    const { clock } = this.#options;
    if (waitingUntil === undefined) {
      this.#patientSince.delete(definition.name);
      return 0;
    }
    const known = this.#patientSince.get(definition.name);
    const since = known?.key === key ? known.since : clock.now();
    this.#patientSince.set(definition.name, { key, since });
    return since + PATIENCE_MS - clock.now();
  }

  /** Hands a revision to the instances, or to some of them first. False when it may not be served. */
  async #startServing(pass: Pass, { revision, graph }: Working, signal: AbortSignal): Promise<boolean> {
    const { name, object } = pass.definition;
    const type = instanceTypeOf(graph);
    const instances = this.#options.caches.peek(type);
    const allowance = readPolicies(object).canary;
    const { canary, condition } = await this.#rollouts.decide(name, revision, allowance, instances, signal);
    pass.rolledOut = condition;
    return this.#handOver(pass, {
      type,
      graph,
      revision: revision.number,
      ...(canary === undefined ? {} : { canary }),
    });
  }

  /** Hands a graph to the instances. False when the definition's own annotations do not allow it. */
  #handOver(
    { definition, conditions }: Pass,
    what: Pick<ServedKind, 'type' | 'graph' | 'failure' | 'revision' | 'canary'>,
  ): boolean {
    const { served, onServed, accesses } = this.#options;
    const { name, uid } = definition;
    const policies = readPolicies(definition.object);
    const before = served.ofDefinition(name);
    const isOther =
      before !== undefined && (before.type.kind !== what.type.kind || before.type.group !== what.type.group);
    if (policies.problems.length > 0 || isOther) {
      if (served.withdraw(name) !== undefined) onServed(name);
    }
    if (policies.problems.length > 0) {
      conditions.set('ControllerReady', outcomes.notStarted(policies.problems.join('; ')));
      return false;
    }
    const access = accesses.of(policies.serviceAccount);
    if (before !== undefined && before.access !== access) {
      // Nothing that was read as one identity is used as another.
      served.withdraw(name);
      onServed(name);
    }
    if (served.serve({ ...what, definition: name, definitionUid: uid, policies, access })) onServed(name);
    return true;
  }

  /** Revisions that some instance wants to stay with; they are not retired. */
  #pinnedRevisions(instances: KindCache | undefined): Set<number> {
    const pinned = new Set<number>();
    for (const { object } of instances?.values() ?? []) {
      const revision = pinnedRevision(object);
      if (revision !== undefined) pinned.add(revision);
    }
    return pinned;
  }

  /** The definition is being deleted: its instances are no longer worked on, and nothing holds it any more. */
  async #remove(definition: Definition, signal: AbortSignal): Promise<WorkResult> {
    const { served, onServed, client, allowCrdDeletion, caches } = this.#options;
    if (!definition.hasFinalizer) return {};
    // With the CRD its instances go: somebody has to delete their children and let them go.
    const waits = definition.waitForInstances || allowCrdDeletion;
    if (waits && served.ofDefinition(definition.name) === undefined) await this.#resume(definition, signal);
    if (allowCrdDeletion) await this.#crds.remove(definition, signal);
    const kind = served.ofDefinition(definition.name);
    const left = kind === undefined ? undefined : caches.peek(kind.type);
    const instances = left?.size ?? 0;
    // Not read yet, e.g. after a restart; the watch tells.
    if (waits && left?.synced === false && left.error === undefined) return {};
    if (waits && left !== undefined && instances > 0) return this.#hold(definition, left, signal);
    if (kind !== undefined) {
      served.withdraw(definition.name);
      onServed(definition.name);
    }
    const finalizers = (definition.object.metadata.finalizers ?? []).filter(
      (finalizer) => finalizer !== keys.FINALIZER,
    );
    const patch = client.patch(refOf(definition.object), finalizerPatch(definition.object, finalizers), {
      fieldManager: 'kro',
      signal,
    });
    const answer = await this.#ignoreMissing(patch);
    const cache = caches.peek(DEFINITION_TYPE);
    if (answer === undefined || finalizers.length === 0) cache?.observeGone(`/${definition.name}`, definition.uid);
    else cache?.observe(answer);
    this.#options.observer.definitionReleased(definition, instances);
    return {};
  }

  /** Serves a definition that is being deleted (again), so that its instances can go. */
  async #resume(definition: Definition, signal: AbortSignal): Promise<void> {
    const { compiler } = this.#options;
    const compiled = await compiler.compile(definition.name, definition.spec, signal);
    await this.#lastGood(newPass(definition, compiled), signal);
  }

  /** The definition waits for its instances, and says for which. */
  async #hold(definition: Definition, instances: KindCache, signal: AbortSignal): Promise<WorkResult> {
    const message = remainingText(instances);
    const before = readConditions(definition.status['conditions']).find(({ type }) => type === 'ControllerReady');
    this.#options.observer.definitionHeld(
      definition,
      instances.size,
      before?.message === message ? undefined : message,
    );
    const status = definitionStatus(
      definition,
      {
        conditions: new Map([['ControllerReady', outcomes.underDeletion(message)]]),
        lastIssuedRevision: lastIssuedOf(definition),
        rolledOut: 'keep',
      },
      this.#options.clock.now(),
    );
    await this.#putStatus(definition, status, signal);
    return {};
  }

  async #gone(name: string): Promise<WorkResult> {
    const { served, onServed, compiler, observer } = this.#options;
    if (served.withdraw(name) !== undefined) onServed(name);
    compiler.forget(name);
    this.#crds.forget(name);
    this.#rollouts.forget(name);
    this.#patientSince.delete(name);
    observer.definitionGone(name);
    return {};
  }

  async #withFinalizer(definition: Definition, signal: AbortSignal): Promise<Definition | undefined> {
    if (definition.hasFinalizer || definition.deleting) return definition;
    const { client, caches } = this.#options;
    const finalizers = [...(definition.object.metadata.finalizers ?? []), keys.FINALIZER];
    const patch = client.patch(refOf(definition.object), finalizerPatch(definition.object, finalizers), {
      fieldManager: 'kro',
      signal,
    });
    const answer = await this.#ignoreMissing(patch);
    if (answer === undefined) return undefined;
    caches.peek(DEFINITION_TYPE)?.observe(answer);
    return readDefinition(answer);
  }

  async #writeStatus(pass: Pass, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const { definition, compiled, conditions, lastIssued } = pass;
    const status = definitionStatus(
      definition,
      {
        conditions,
        lastIssuedRevision: lastIssued,
        ...(pass.rolledOut === undefined ? {} : { rolledOut: pass.rolledOut }),
        ...(compiled.graph === undefined ? {} : { graph: compiled.graph }),
      },
      clock.now(),
    );
    await this.#putStatus(definition, status, signal);
  }

  async #putStatus(definition: Definition, status: DefinitionStatus, signal: AbortSignal): Promise<void> {
    const { client, caches } = this.#options;
    if (jsonEquals(definition.status, status)) return;
    const body = [
      { op: 'test', path: '/metadata/uid', value: definition.uid },
      { op: 'add', path: '/status', value: status },
    ];
    const ref = { apiVersion: formatApiVersion(DEFINITION_TYPE), kind: DEFINITION_TYPE.kind, name: definition.name };
    const answer = await this.#ignoreMissing(
      client.patch(ref, body, { type: 'json', subresource: 'status', fieldManager: 'kro', signal }),
    );
    if (answer === undefined) return;
    caches.peek(DEFINITION_TYPE)?.observe(answer);
    this.#options.observer.definitionChanged(definition, status);
  }

  async #ignoreMissing(request: Promise<KubeObject>): Promise<KubeObject | undefined> {
    try {
      return await request;
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw thrown;
    }
  }
}

function newPass(definition: Definition, compiled: Compiled): Pass {
  return {
    definition,
    compiled,
    conditions: new Map(),
    rolledOut: undefined,
    lastIssued: lastIssuedOf(definition),
    waitingUntil: undefined,
  };
}

function lastIssuedOf(definition: Definition): number {
  const { lastIssuedRevision } = definition.status;
  return typeof lastIssuedRevision === 'number' ? lastIssuedRevision : 0;
}

function finalizerPatch(object: KubeObject, finalizers: string[]): JsonObject {
  const { resourceVersion } = object.metadata;
  return { metadata: { finalizers, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
}
