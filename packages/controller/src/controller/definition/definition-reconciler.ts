import { apiFailure, writeRefusalText } from '../../execute/index.ts';
import { definedMembers, earliest, RETRY_POLICIES } from '@typekro/kit/core';
import { listAt } from '@typekro/kit/kubernetes';
import { type Graph, Kinds, KroLevel } from '@typekro/engine/graph';
import { KubeError } from '@typekro/kube';
import { Failure, readConditions, RecordedStatus } from '@typekro/engine/runtime';
import type { KindCache } from '../cache/kind-cache.ts';
import type { WorkResult } from '../queue/runner.ts';
import type { RevisionOutcome } from '../rollout/canary.ts';
import { Rollouts, TO_BE_TRIED } from '../rollout/rollouts.ts';
import { instanceTypeOf } from '../served-kinds.ts';
import type { CompiledSpec } from './compiler.ts';
import { type CrdEnsurerOptions, CrdEnsurer } from './crd-ensurer.ts';
import { type DefinitionObject, DEFINITION_TYPE, readDefinitionObject } from './definition-object.ts';
import { type DefinitionPass, type WorkingRevision, newPass } from './definition-pass.ts';
import { definitionStatus, outcomes, STORAGE_MIGRATED } from './definition-status.ts';
import { DefinitionWriter } from './definition-writer.ts';
import { type RevisionHandoffOptions, RevisionHandoff } from './revision-handoff.ts';
import { readPolicies } from './definition-policies.ts';
import { reconcileRequest } from '../reconcile-request.ts';
import { type RemovalOptions, Removal } from './removal.ts';
import { signatureOf, signatureProblem } from './definition-signature.ts';
import { type Revision, type RevisionGraph, followableGraph, pinnedRevision, revisionName } from './revision.ts';
import { type RevisionStoreOptions, RevisionStore } from './revision-store.ts';
import { type StorageMigrationOptions, migrated, StorageMigration } from './storage-migration.ts';
import { VersionRemoval } from './version-removal.ts';
import type { ControllerSettings } from '../settings.ts';

/** The dependencies of a `DefinitionReconciler`. */
export interface DefinitionReconcilerOptions
  extends
    RevisionStoreOptions,
    Pick<RevisionHandoffOptions, 'compiler' | 'served' | 'identities' | 'onServed'>,
    Pick<RemovalOptions, 'allowCrdDeletion'>,
    Pick<CrdEnsurerOptions, 'conversions'>,
    Pick<StorageMigrationOptions, 'migrationRate'> {
  readonly settings: ControllerSettings;
  readonly maxGraphRevisions: number;
  /** Called when a client has requested a pass over a definition. */
  readonly onRequest: (definition: string) => void;
  /** Returns the outcome of a revision for an instance. */
  readonly outcomeOf: (instanceId: string) => RevisionOutcome | undefined;
}

/** The maximum delay of a status write while the CRD or the watch of a new definition starts. */
const MAX_STATUS_DELAY_MS = 3000;

/**
 * Reconciles definitions: the finalizer, the revisions, the instance CRD, the graph for the instances, and the status.
 */
export class DefinitionReconciler {
  readonly #options: DefinitionReconcilerOptions;
  readonly #revisions: RevisionStore;
  readonly #crds: CrdEnsurer;
  readonly #rollouts: Rollouts;
  readonly #writer: DefinitionWriter;
  readonly #handoff: RevisionHandoff;
  readonly #removal: Removal;
  readonly #migration: StorageMigration;
  readonly #versions: VersionRemoval;
  /** The last reconcile request for which a pass has begun, by definition. */
  readonly #requests = new Map<string, string>();
  readonly #delayedSince = new Map<string, { readonly key: string; readonly since: number }>();

  constructor(options: DefinitionReconcilerOptions) {
    this.#options = options;
    this.#revisions = new RevisionStore(options);
    this.#crds = new CrdEnsurer(options);
    this.#rollouts = new Rollouts({
      revisions: this.#revisions,
      clock: options.clock,
      outcomeOf: options.outcomeOf,
      compile: async (name, { spec }, signal) => (await options.compiler.compile(name, spec, signal)).graph,
    });
    this.#writer = new DefinitionWriter(options);
    this.#migration = new StorageMigration(options);
    this.#versions = new VersionRemoval({ ...options, drop: (...call) => this.#crds.drop(...call) });
    const parts = { revisions: this.#revisions, crds: this.#crds, rollouts: this.#rollouts };
    this.#handoff = new RevisionHandoff({ ...options, ...parts });
    this.#removal = new Removal({ ...options, ...parts, handoff: this.#handoff, writer: this.#writer });
  }

  /** One pass over a definition and all its revisions. */
  async pass(name: string, signal: AbortSignal): Promise<WorkResult> {
    const object = this.#options.caches.peek(DEFINITION_TYPE)?.get(`/${name}`)?.object;
    await this.#revisions.releaseDeleted(name, signal);
    if (object === undefined) return this.#gone(name);
    const definition = await this.#writer.withFinalizer(readDefinitionObject(object), signal);
    if (definition === undefined) return {};
    if (definition.deleting) return this.#removal.remove(definition, signal);
    return this.#keep(definition, signal);
  }

  async #keep(definition: DefinitionObject, signal: AbortSignal): Promise<WorkResult> {
    this.#takeRequest(definition);
    this.#crds.beginPass(definition.name);
    const compiled = await this.#compile(definition, signal);
    const pass = newPass(definition, compiled);
    await this.#revisions.adopt(definition, signal);
    const working = await this.#resolve(pass, signal);
    if (working !== undefined) await this.#serve(pass, working, signal);
    await this.#migrate(pass, signal);
    this.#options.onEvent({ kind: 'definition-passed', definition, compiled });
    const delayMs = this.#statusDelayMs(pass);
    if (delayMs > 0) return { requeueAt: this.#options.clock.now() + delayMs };
    await this.#writeStatus(pass, signal);
    await this.#writer.answerRequest(definition, signal);
    const requeueAt = pass.waiting?.until ?? pass.retryAt;
    return requeueAt === undefined ? {} : { requeueAt };
  }

  /**
   * Compiles the spec. When the schemas of its kinds cannot be read, for example because the server of an API group is
   * unavailable, the pass fails. If no pass has decided about the spec yet, the status then reports the failure.
   */
  async #compile(definition: DefinitionObject, signal: AbortSignal): Promise<CompiledSpec> {
    try {
      return await this.#options.compiler.compile(definition.name, definition.spec, signal);
    } catch (thrown) {
      if (!(thrown instanceof KubeError) || signal.aborted || isDecided(definition)) throw thrown;
      const { what, message: cause } = thrown;
      const read = what === undefined ? '' : `${what}: `;
      const message = `the schemas of the kinds in the spec cannot be read: ${read}${cause}`;
      const pass = newPass(definition, { hash: '', message, problems: [message] });
      pass.conditions.set('GraphAccepted', outcomes.refused(message));
      await this.#writeStatus(pass, signal);
      throw thrown;
    }
  }

  /**
   * Takes a client's new request for a pass, if there is one: the pass reads the schemas again, and instances skip
   * their pauses after failures.
   */
  #takeRequest({ name, object, spec }: DefinitionObject): void {
    const request = reconcileRequest(object);
    if (request === undefined) this.#requests.delete(name);
    if (request === undefined || request === this.#requests.get(name)) return;
    this.#requests.set(name, request);
    for (const { group, kind } of Kinds.used(spec)) this.#options.compiler.forgetKind(group, kind);
    this.#options.onRequest(name);
  }

  /**
   * Finds the revision of the current spec. Issues a new revision when the spec has changed. Returns `undefined` when
   * the spec does not compile, or when the revision cannot be issued.
   */
  async #resolve(pass: DefinitionPass, signal: AbortSignal): Promise<WorkingRevision | undefined> {
    const { definition, compiled, conditions } = pass;
    const latest = this.#revisions.live(definition.name).at(-1);
    const unsigned = signatureProblem(definition.object, this.#options.settings.publisherKeys);
    if (compiled.graph === undefined || unsigned !== undefined) {
      this.#options.onEvent({ kind: 'revision-resolved', result: 'failed' });
      conditions.set('GraphAccepted', outcomes.refused(unsigned ?? compiled.message ?? 'the definition has errors'));
      await this.#handoff.lastGood(pass, signal);
      return undefined;
    }
    conditions.set('GraphAccepted', outcomes.accepted());
    const isKnown = latest !== undefined && this.#revisions.hashOf(latest) === compiled.hash;
    this.#options.onEvent({ kind: 'revision-resolved', result: isKnown ? 'serve' : 'issue' });
    const revision = isKnown ? latest : await this.#issue(pass, compiled.graph, latest, signal);
    if (revision === undefined) return undefined;
    await this.#revisions.verified(revision, compiled.graph, signal);
    conditions.set('GraphRevisionsResolved', outcomes.resolved(revision.number));
    pass.lastIssued = Math.max(pass.lastIssued, revision.number);
    return { revision, graph: compiled.graph };
  }

  /**
   * Issues a revision. At the level of kro 0.9, a revision after the first one is not issued if its CRD would be
   * refused. The last working revision then stays in use. At the level of kro 0.10, a revision with such a CRD is
   * issued but not served.
   */
  async #issue(
    pass: DefinitionPass,
    graph: Graph,
    latest: Revision | undefined,
    signal: AbortSignal,
  ): Promise<Revision | undefined> {
    const { definition, compiled } = pass;
    if (latest !== undefined && !KroLevel.followsGraphEngine(graph.kroCompatibility)) {
      const refusal = await this.#crds.refusalOf(definition, graph, signal);
      if (refusal !== undefined) {
        pass.conditions.set('KindReady', outcomes.kindFailed(refusal.message));
        pass.leaving = refusal.leaving;
        this.#retryRefused(pass, refusal);
        await this.#handoff.lastGood(pass, signal);
        return undefined;
      }
    }
    const number = Math.max(pass.lastIssued, this.#revisions.highest(definition.name)) + 1;
    const isTried = latest !== undefined && readPolicies(definition.object).canary !== undefined;
    // A rollback to the revision needs the signature.
    const marks = { ...(isTried ? TO_BE_TRIED : {}), ...signatureOf(definition.object) };
    try {
      const issued = await this.#revisions.issue(definition, number, compiled.hash, marks, signal);
      this.#options.onEvent({
        kind: 'revision-issued',
        definition,
        revision: number,
        reason: latest === undefined ? 'no_revision' : 'spec_changed',
      });
      return issued;
    } catch (thrown) {
      const refusal = writeRefusalText(thrown);
      if (refusal === undefined) throw thrown;
      const message = `creating graph revision "${revisionName(definition.name, number)}": ${refusal}`;
      pass.conditions.set('GraphAccepted', outcomes.refused(message));
      pass.retryAt = this.#options.clock.now() + RETRY_POLICIES.refusedDefinition.initialMs;
      await this.#handoff.lastGood(pass, signal);
      return undefined;
    }
  }

  /**
   * The graph of a revision, or the reason why instances cannot follow it. Used for instances that are pinned to the
   * revision, or that stay with the revision during a roll-out.
   */
  async graphOf(name: string, number: number, signal: AbortSignal): Promise<RevisionGraph> {
    const revision = this.#revisions.live(name).find((each) => each.number === number);
    const compiled = revision && (await this.#options.compiler.compile(name, revision.spec, signal));
    if (compiled?.graph === undefined) this.#options.onEvent({ kind: 'revision-missed' });
    return followableGraph(number, compiled, this.#options.served.ofDefinition(name)?.type.version);
  }

  /** The number of revisions in each state. */
  revisionStates(): ReadonlyMap<string, number> {
    return this.#revisions.states();
  }

  /** Ensures the CRD, and passes the graph to the instances. */
  async #serve(pass: DefinitionPass, working: WorkingRevision, signal: AbortSignal): Promise<void> {
    const { definition, conditions } = pass;
    const ensured = await this.#crds.ensure(definition, working.graph, signal);
    const isLeft = ensured.state === 'refused' || (ensured.state === 'served' && ensured.deleting === undefined);
    pass.leaving = isLeft ? ensured.leaving : undefined;
    if (ensured.state === 'refused') {
      conditions.set('KindReady', outcomes.kindFailed(ensured.message));
      if (KroLevel.followsGraphEngine(working.graph.kroCompatibility)) await this.#handoff.lastGood(pass, signal);
      this.#retryRefused(pass, ensured);
      return;
    }
    if (ensured.state === 'waiting') {
      this.#options.onEvent({ kind: 'revision-resolved', result: 'wait' });
      pass.waiting = { for: 'crd', until: ensured.until };
      return;
    }
    // While the CRD is being deleted, its remaining instances still need their graph. The definition is therefore
    // served until they are gone.
    const kind =
      ensured.deleting === undefined
        ? outcomes.kindReady(working.graph.instance.kind)
        : outcomes.kindDeleted(ensured.deleting);
    conditions.set('KindReady', kind);
    if (!(await this.#handoff.startServing(pass, working, signal))) return;
    const instances = this.#options.caches.peek(instanceTypeOf(working.graph));
    if (instances?.synced === true) conditions.set('ControllerReady', outcomes.running());
    else {
      const error = instances?.error;
      if (error !== undefined) {
        conditions.set('ControllerReady', outcomes.notStarted(Failure.text(apiFailure(error, undefined))));
      }
      // An API server responds 429 for a moment after it created a kind, and the watch of a kind that was deleted and
      // created again still has the error of the former one. Only an error that persists is reported.
      if (error === undefined || error.status === 429 || error.reason === 'UnknownKind') {
        pass.waiting = { for: 'watch', until: this.#options.clock.now() + MAX_STATUS_DELAY_MS };
      }
    }
    // The pins are known only when all instances are listed. When they are listed, another pass over the definition
    // begins.
    if (instances?.synced !== true) return;
    const pinned = this.#pinnedRevisions(instances);
    const canary = this.#options.served.ofDefinition(definition.name)?.canary;
    if (canary !== undefined) pinned.add(canary.base.revision);
    if (canary?.keepsRecorded === true) for (const revision of recordedRevisions(instances)) pinned.add(revision);
    await this.#revisions.retire(definition.name, this.#options.maxGraphRevisions, pinned, signal);
  }

  #retryRefused(pass: DefinitionPass, { mayPass }: { readonly mayPass?: true }): void {
    if (mayPass === true) pass.retryAt = this.#options.clock.now() + RETRY_POLICIES.refusedDefinition.initialMs;
  }

  /** Continues the migration of stored objects to the version that is served as the hub, and the removal of versions. */
  async #migrate(pass: DefinitionPass, signal: AbortSignal): Promise<void> {
    const { definition } = pass;
    const type = this.#options.served.ofDefinition(definition.name)?.type;
    if (type === undefined) return;
    pass.migration = await this.#migration.step(definition, type, signal);
    // The CRD no longer needs the rules of the former hub. Another pass writes it.
    if (pass.migration !== undefined && pass.migration.retryAt === undefined) {
      this.#crds.recheck(definition.name);
      pass.retryAt = this.#options.clock.now();
    }
    pass.migration ??= await this.#versions.step(definition, type, pass.leaving, signal);
    pass.retryAt = earliest([pass.retryAt, pass.migration?.retryAt]);
    if (pass.migration === undefined && isMigrated(definition)) pass.migration = { condition: migrated(type.version) };
  }

  /**
   * The delay of the status write, in milliseconds; 0 or less for no delay. While the CRD or the watch of a new
   * definition starts, another status would soon replace this one. The start time is stored per definition: with a
   * thousand new definitions, two passes over one of them may be seconds apart.
   */
  #statusDelayMs({ definition, waiting }: DefinitionPass): number {
    const { clock } = this.#options;
    if (waiting === undefined) {
      this.#delayedSince.delete(definition.name);
      return 0;
    }
    const key = `${definition.uid} ${definition.generation} ${waiting.for}`;
    const known = this.#delayedSince.get(definition.name);
    const since = known?.key === key ? known.since : clock.now();
    this.#delayedSince.set(definition.name, { key, since });
    return since + MAX_STATUS_DELAY_MS - clock.now();
  }

  /** The revisions to which an instance is pinned. The controller does not delete them. */
  #pinnedRevisions(instances: KindCache): Set<number> {
    const pinned = new Set<number>();
    for (const { object } of instances.values()) {
      const revision = pinnedRevision(object);
      if (revision !== undefined) pinned.add(revision);
    }
    return pinned;
  }

  /** Drops the definitions for which `left` returns true, and stops serving them. Other replicas work on them. */
  evictDefinitions(left: (definition: string) => boolean): void {
    const { caches, served } = this.#options;
    const names = new Set([...served.all()].map(({ definition }) => definition));
    for (const key of caches.peek(DEFINITION_TYPE)?.keys() ?? []) names.add(key.slice(1));
    for (const name of names) if (left(name)) this.#gone(name);
  }

  #gone(name: string): WorkResult {
    const { compiler, onEvent } = this.#options;
    this.#handoff.withdraw(name);
    compiler.forget(name);
    this.#crds.forget(name);
    this.#rollouts.forget(name);
    this.#delayedSince.delete(name);
    this.#requests.delete(name);
    onEvent({ kind: 'definition-gone', name });
    return {};
  }

  async #writeStatus(pass: DefinitionPass, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const { definition, compiled, conditions, lastIssued } = pass;
    const status = definitionStatus(
      definition,
      {
        conditions,
        lastIssuedRevision: lastIssued,
        ...definedMembers({ rolledOut: pass.rolledOut, propagated: pass.propagated, migration: pass.migration }),
        ...definedMembers({ graph: compiled.graph }),
      },
      clock.now(),
    );
    await this.#writer.putStatus(definition, status, signal);
  }
}

/** Does the definition have several versions, or had it? */
const isMigrated = ({ spec, status }: DefinitionObject): boolean =>
  listAt(spec, 'schema', 'versions').length > 0 ||
  readConditions(status['conditions']).some(({ type }) => type === STORAGE_MIGRATED);

/** Does the status say whether the current spec compiles? */
const isDecided = ({ status, generation }: DefinitionObject): boolean =>
  readConditions(status['conditions']).some(
    ({ type, observedGeneration }) => type === 'GraphAccepted' && observedGeneration === generation,
  );

/** The revisions in the statuses of the instances. */
function recordedRevisions(instances: KindCache): number[] {
  return [...instances.values()].flatMap(({ object }) => RecordedStatus.revision(object) ?? []);
}
