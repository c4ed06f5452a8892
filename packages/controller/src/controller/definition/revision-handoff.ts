import { definedMembers, earliest } from '@typekro/kit/core';
import type { ActingIdentities } from '../acting-identity.ts';
import type { CacheSet } from '../cache/cache-set.ts';
import type { Rollouts } from '../rollout/rollouts.ts';
import { type ServedKind, type ServedKinds, instanceTypeOf, movedInstances } from '../served-kinds.ts';
import type { DefinitionCompiler } from './compiler.ts';
import type { CrdEnsurer } from './crd-ensurer.ts';
import type { DefinitionPass, WorkingRevision } from './definition-pass.ts';
import { declaresConditions } from './definition-object.ts';
import { outcomes } from './definition-status.ts';
import { annotationProblems, readPolicies } from './definition-policies.ts';
import type { RevisionStore } from './revision-store.ts';
import { type KroCompatibility, KroLevel } from '@typekro/engine/graph';
import type { ControllerSettings } from '../settings.ts';

/** Options of `RevisionHandoff`. */
export interface RevisionHandoffOptions {
  readonly caches: CacheSet;
  readonly compiler: DefinitionCompiler;
  readonly served: ServedKinds;
  readonly identities: ActingIdentities;
  /**
   * Called when instances get another graph, or no graph. `moved` has the ids of these instances. It is absent when any
   * instance of the definition may be concerned.
   */
  readonly onServed: (definition: string, moved?: readonly string[]) => void;
  readonly revisions: RevisionStore;
  readonly crds: CrdEnsurer;
  readonly rollouts: Rollouts;
  /** The release line of kro whose messages appear in the status of instances without a graph. */
  readonly settings: Pick<ControllerSettings, 'level'>;
}

/** kro's message for instances whose definition has no usable revision. */
function unresolvedText(newest: number | undefined, level: KroCompatibility): string {
  if (!KroLevel.followsGraphEngine(level)) {
    return newest === undefined
      ? 'latest issued graph revision not available'
      : `latest issued graph revision ${newest} failed`;
  }
  return newest === undefined
    ? 'graph not resolved: latest issued revision not found'
    : `graph not resolved: latest issued revision ${newest} failed`;
}

/** Serves revisions to instances: sets the graph and the identity that the passes of instances use. */
export class RevisionHandoff {
  readonly #options: RevisionHandoffOptions;

  constructor(options: RevisionHandoffOptions) {
    this.#options = options;
  }

  /**
   * Serves a revision to all instances, or first to the members of a canary. Returns false when the revision may not be
   * served.
   */
  async startServing(pass: DefinitionPass, working: WorkingRevision, signal: AbortSignal): Promise<boolean> {
    const { name, object } = pass.definition;
    const { revision, graph } = working;
    const type = instanceTypeOf(graph);
    const { caches, rollouts } = this.#options;
    const instances = caches.peek(type);
    const allowance = readPolicies(object).canary;
    const decided = await rollouts.decide(name, working, allowance, instances, signal);
    pass.rolledOut = decided.condition;
    pass.propagated = decided.propagated;
    pass.retryAt = earliest([pass.retryAt, decided.retryAt]);
    return this.#handOver(pass, {
      type,
      graph,
      revision: revision.number,
      ...definedMembers({ canary: decided.canary }),
      ...(graph.propagateWhen === undefined ? {} : { newestRevision: revision.number }),
    });
  }

  /**
   * Serves the newest revision that compiles, because the newest spec cannot be served. Without such a revision, the
   * instances get a failure in their status, and can still be deleted.
   */
  async lastGood(pass: DefinitionPass, signal: AbortSignal): Promise<void> {
    const { definition, conditions } = pass;
    const { compiler, served, revisions: store, crds } = this.#options;
    const revisions = store.live(definition.name);
    const newest = revisions.at(-1);
    for (const revision of revisions.toReversed()) {
      const { graph, message } = await compiler.compile(definition.name, revision.spec, signal);
      const resolved =
        graph === undefined ? outcomes.revisionFailed(revision.number) : outcomes.resolved(revision.number);
      if (revision === newest) conditions.set('GraphRevisionsResolved', resolved);
      if (graph === undefined) {
        await store.failed(revision, message ?? '', signal);
        continue;
      }
      // kro 0.10 issues a revision even when its CRD is refused. The instances then stay with an earlier revision.
      const isRefused =
        KroLevel.followsGraphEngine(graph.kroCompatibility) &&
        (await crds.refusalOf(definition, graph, signal)) !== undefined;
      if (isRefused) continue;
      // The CRD is not changed here. The revision is therefore served only if the present CRD fits it and no other
      // revision is in use.
      const present = served.ofDefinition(definition.name);
      if ((present === undefined || present.revision === revision.number) && crds.serves(definition, graph)) {
        await this.startServing(pass, { revision, graph }, signal);
      }
      return;
    }
    const type = crds.servedType(definition);
    // A served graph stays in use, even when its revision object was deleted.
    if (type === undefined || (newest === undefined && served.ofDefinition(definition.name) !== undefined)) return;
    // Instances of an earlier definition of the same name may exist before this definition has a revision.
    const failure = unresolvedText(newest?.number, this.#options.settings.level);
    const authorConditions = declaresConditions(newest?.spec ?? definition.spec);
    this.#handOver(pass, { type, failure, authorConditions, revision: newest?.number ?? 0 });
  }

  /** Stops serving the definition. */
  withdraw(definition: string): void {
    const { served, onServed } = this.#options;
    if (served.withdraw(definition) !== undefined) onServed(definition);
  }

  /**
   * Serves a graph to the instances, or a failure when there is no graph. Returns false when an annotation of the
   * definition is invalid.
   */
  #handOver(
    { definition, conditions }: DefinitionPass,
    what: Pick<
      ServedKind,
      'type' | 'graph' | 'failure' | 'authorConditions' | 'revision' | 'canary' | 'newestRevision'
    >,
  ): boolean {
    const { served, onServed, identities } = this.#options;
    const { name, uid } = definition;
    const policies = readPolicies(definition.object);
    const before = served.ofDefinition(name);
    const isOther =
      before !== undefined && (before.type.kind !== what.type.kind || before.type.group !== what.type.group);
    if (policies.invalid.length > 0 || isOther) this.withdraw(name);
    if (policies.invalid.length > 0) {
      conditions.set('ControllerReady', outcomes.notStarted(annotationProblems(policies).join('; ')));
      return false;
    }
    const identity = identities.of(policies.serviceAccount);
    if (before !== undefined && before.identity !== identity) {
      // One identity must not use state that another identity has read.
      this.withdraw(name);
    }
    // This definition now owns the CRD. A definition that served the kind before must stop, because two definitions
    // must not serve one kind.
    const other = served.of(what.type.group, what.type.kind)?.definition;
    if (other !== undefined && other !== name) this.withdraw(other);
    if (served.serve({ ...what, definition: name, definitionUid: uid, policies, identity })) {
      onServed(name, movedInstances(before, served.ofDefinition(name)));
    }
    return true;
  }
}
