import { type JsonObject, type KubeObject, definedMembers, getOwn, listed } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import type { Clock } from '@typekro/kube';
import type { ConditionContent } from '@typekro/engine/runtime';
import type { KindCache } from '../cache/kind-cache.ts';
import type { WorkingRevision } from '../definition/definition-pass.ts';
import type { RevisionStore } from '../definition/revision-store.ts';
import type { Revision } from '../definition/revision.ts';
import { instanceId } from '../instance/instance-directory.ts';
import type { Allowance, RolloutCandidate, RevisionOutcome, Rollout, Canary } from './canary.ts';
import { allowedOf, decideRollout, followsRollouts, instanceKey, mayTry } from './canary.ts';
import { decidePropagation, propagatedCondition } from './decide-propagation.ts';

/**
 * The annotation of a revision with a canary: the number of instances that get the revision first, `0` before they are
 * chosen, or `done` when all instances get it.
 */
const ROLLOUT = 'typekro.dev/rollout';
const UNTRIED = '0';
const DONE = 'done';
/** The annotation of a revision that `propagateWhen` no longer holds back from any instance. Its value is `done`. */
const PROPAGATED = 'typekro.dev/propagated';
/**
 * The annotations of a new revision with a canary. Without them, a later revision could use this revision as its base
 * before any instance has tried this revision.
 */
export const TO_BE_TRIED: Readonly<Record<string, string>> = { [ROLLOUT]: UNTRIED };
/** The maximum number of instances that a condition names. */
const MAX_NAMED_INSTANCES = 3;

/** The decision about the instances that follow the newest revision of a definition. */
export interface RolloutDecision {
  /** `undefined` when all instances follow the newest revision. */
  readonly canary?: Canary;
  /** The condition `RolledOut`. `undefined` for definitions without a canary. `keep` leaves the condition unchanged. */
  readonly condition?: ConditionContent | 'keep';
  /** The condition `Propagated`. `undefined` for definitions without `propagateWhen`. */
  readonly propagated?: ConditionContent | 'keep';
  /** The time of the next decision. Set when instances are held back and a condition calls `now()`. */
  readonly retryAt?: number;
}

/** The dependencies of `Rollouts`. */
export interface RolloutsOptions {
  readonly revisions: RevisionStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly outcomeOf: (instanceId: string) => RevisionOutcome | undefined;
  readonly compile: (definition: string, revision: Revision, signal: AbortSignal) => Promise<Graph | undefined>;
}

/**
 * Decides which instances follow a new revision. The number of instances that get the revision first, and the end of
 * the roll-out, are recorded on the revision before they take effect. A new process continues from this record.
 */
export class Rollouts {
  readonly #options: RolloutsOptions;
  readonly #chosen = new Map<string, { readonly revision: number; readonly members: ReadonlySet<string> }>();

  constructor(options: RolloutsOptions) {
    this.#options = options;
  }

  /**
   * Decides about one revision, first by the canary and then by `propagateWhen` of the definition. `allowance` is
   * `undefined` when the definition has no canary policy.
   */
  async decide(
    definition: string,
    { revision, graph: { propagateWhen } }: WorkingRevision,
    allowance: Allowance | undefined,
    instances: KindCache | undefined,
    signal: AbortSignal,
  ): Promise<RolloutDecision> {
    const first = await this.#decideCanary(definition, revision, allowance, instances, signal);
    if (propagateWhen === undefined) return first;
    if (first.canary !== undefined) {
      // An instance outside the canary keeps its recorded revision, because `propagateWhen` may hold the base of the
      // canary back from it.
      return { ...first, canary: { ...first.canary, keepsRecorded: true }, propagated: 'keep' };
    }
    return { ...first, ...(await this.#propagate(definition, revision, propagateWhen, instances, signal)) };
  }

  async #propagate(
    definition: string,
    revision: Revision,
    propagateWhen: NonNullable<Graph['propagateWhen']>,
    instances: KindCache | undefined,
    signal: AbortSignal,
  ): Promise<Pick<RolloutDecision, 'canary' | 'propagated' | 'retryAt'>> {
    const isDone = isPropagationDone(revision.object);
    const base = isDone ? undefined : await this.#baseOf(definition, revision, signal);
    const none = { members: new Set<string>(), held: new Map<string, string>() };
    if (base === undefined) return { propagated: propagatedCondition(revision.number, none, nameOf) };
    const before = { revision: base.revision.number, graph: base.graph };
    if (instances?.synced !== true) {
      const canary = { base: before, members: undefined, heldBack: 0, key: 'unknown', keepsRecorded: true } as const;
      return { canary, propagated: 'keep' };
    }
    const { outcomeOf, clock } = this.#options;
    const candidates = [...instances.values()].flatMap(({ object }) => {
      if (!followsRollouts(object)) return [];
      const id = instanceId(instances.type, instanceKey(object));
      return [{ id, object, ...definedMembers({ outcome: outcomeOf(id) }) }];
    });
    const now = clock.now();
    const decided = decidePropagation(propagateWhen, revision.number, candidates, { now });
    const propagated = propagatedCondition(revision.number, decided, nameOf);
    const { members, held, retryAt } = decided;
    if (held.size === 0) {
      // Without this annotation, a later decision could hold the revision back again.
      await this.#options.revisions.annotate(revision, { [PROPAGATED]: DONE }, signal);
      return { propagated };
    }
    const key = ['propagateWhen', before.revision, ...[...members].sort()].join(' ');
    return {
      canary: { base: before, members, heldBack: held.size, key, keepsRecorded: true },
      propagated,
      ...definedMembers({ retryAt }),
    };
  }

  async #decideCanary(
    definition: string,
    revision: Revision,
    allowance: Allowance | undefined,
    instances: KindCache | undefined,
    signal: AbortSignal,
  ): Promise<RolloutDecision> {
    const recorded = recordOf(revision);
    // A revision without a record was issued without a canary, and went to all instances. A policy that is added later
    // must not give them an earlier revision.
    if (recorded === undefined || recorded === DONE || allowance === undefined) {
      if (recorded !== undefined && recorded !== DONE) await this.#record(revision, DONE, signal);
      this.#chosen.delete(definition);
      return allowance === undefined ? {} : { condition: rolledOut(revision) };
    }
    const base = await this.#baseOf(definition, revision, signal);
    if (base === undefined) return { condition: rolledOut(revision) };
    const { graph } = base;
    const before = { revision: base.revision.number, graph };
    if (instances?.synced !== true) {
      return { canary: { base: before, members: undefined, heldBack: 0, key: 'unknown' }, condition: 'keep' };
    }
    const candidates = this.#candidates(instances, revision);
    const count = Math.max(Number(recorded), allowedOf(allowance, candidates.length));
    const known = this.#chosen.get(definition);
    const rollout = decideRollout({
      revision: revision.number,
      candidates,
      count,
      chosen: known?.revision === revision.number ? known.members : new Set(),
    });
    if (rollout.phase === 'everywhere') {
      await this.#record(revision, DONE, signal);
      this.#chosen.delete(definition);
      return { condition: rolledOut(revision) };
    }
    if (recorded !== String(count)) await this.#record(revision, String(count), signal);
    this.#chosen.set(definition, { revision: revision.number, members: rollout.members });
    const key = [before.revision, ...[...rollout.members].sort()].join(' ');
    return {
      canary: { base: before, members: rollout.members, heldBack: candidates.length - rollout.members.size, key },
      condition: rollout.unseen && recorded !== UNTRIED ? 'keep' : conditionOf(revision, rollout, candidates.length),
    };
  }

  /** Forgets which instances of a definition were chosen. */
  forget(definition: string): void {
    this.#chosen.delete(definition);
  }

  /** The first of the {@link possibleBases} that still compiles; `undefined` when there is none. */
  async #baseOf(definition: string, { number }: Revision, signal: AbortSignal) {
    for (const revision of possibleBases(this.#options.revisions.live(definition), number)) {
      const graph = await this.#options.compile(definition, revision, signal);
      if (graph !== undefined) return { revision, graph };
    }
    return undefined;
  }

  /** The instances that are not younger than the revision and that are not pinned, suspended or being deleted. */
  #candidates(instances: KindCache, revision: Revision): RolloutCandidate[] {
    const candidates: RolloutCandidate[] = [];
    for (const { object } of instances.values()) {
      if (!mayTry(object, revision.object)) continue;
      const id = instanceId(instances.type, instanceKey(object));
      const outcome = this.#options.outcomeOf(id);
      candidates.push({ id, uid: object.metadata.uid ?? '', ...(outcome === undefined ? {} : { outcome }) });
    }
    return candidates;
  }

  #record(revision: Revision, value: string, signal: AbortSignal): Promise<void> {
    return this.#options.revisions.annotate(revision, { [ROLLOUT]: value }, signal);
  }
}

function recordOf({ object }: Pick<Revision, 'object'>): string | undefined {
  const annotations = object.metadata.annotations ?? {};
  const value = Object.hasOwn(annotations, ROLLOUT) ? annotations[ROLLOUT] : undefined;
  return value === DONE || (value !== undefined && /^\d{1,9}$/.test(value)) ? value : undefined;
}

/** The number of instances that get the revision first; `undefined` when all instances get it. */
export function rolloutCount(revision: KubeObject): number | undefined {
  const recorded = recordOf({ object: revision });
  return recorded === undefined || recorded === DONE ? undefined : Number(recorded);
}

/** Has `propagateWhen` let the revision go to all instances? */
export function isPropagationDone({ metadata: { annotations = {} } }: KubeObject): boolean {
  return getOwn(annotations, PROPAGATED) === DONE;
}

/**
 * The earlier revisions with which instances can stay, the best one first. The best one is the newest one that went to
 * all instances. Revisions that `propagateWhen` still held back come last. Among these, the oldest one comes first,
 * because the first revision of a definition goes to all instances without a record. Revisions with an open canary are
 * left out.
 *
 * @param revisions oldest first
 */
export function possibleBases<R extends Pick<Revision, 'object' | 'number' | 'spec'>>(
  revisions: readonly R[],
  before: number,
): readonly R[] {
  const earlier = revisions.filter(({ object, number }) => number < before && rolloutCount(object) === undefined);
  const wentToAll = ({ object, spec }: R) => !hasPropagateWhen(spec) || isPropagationDone(object);
  return [...earlier.filter(wentToAll).toReversed(), ...earlier.filter((each) => !wentToAll(each))];
}

/** Does the spec of a definition hold revisions back from instances? */
export function hasPropagateWhen({ propagateWhen }: JsonObject): boolean {
  return Array.isArray(propagateWhen) && propagateWhen.length > 0;
}

function rolledOut({ number }: Revision): ConditionContent {
  return { status: 'True', reason: 'RolledOut', message: `revision ${number} goes to all instances` };
}

/**
 * The condition that names the instances that try the revision, or those that failed. It does not name finished
 * instances, because each of them would cause a write.
 */
function conditionOf(
  { number }: Revision,
  { phase, members, failed }: Exclude<Rollout, { phase: 'everywhere' }>,
  candidates: number,
): ConditionContent {
  if (phase === 'waiting') {
    const names = listed([...members].sort().map(nameOf), MAX_NAMED_INSTANCES, ', ', ', ');
    const message = `revision ${number} goes to ${members.size} of ${candidates} instances first: ${names}`;
    return { status: 'Unknown', reason: 'CanaryWaiting', message };
  }
  const reasons = failed.map(({ id, message }) => `${nameOf(id)}: ${message}`);
  const message = `revision ${number} is held back from ${candidates - members.size} of ${candidates} instances because of ${listed(reasons, MAX_NAMED_INSTANCES, '; ', '; ')}`;
  return { status: 'False', reason: 'CanaryFailed', message };
}

/** `namespace/name` from the id of an instance; only the name for a cluster-scoped instance. */
function nameOf(id: string): string {
  return id.split('/').slice(2).join('/').replace(/^\//, '');
}
