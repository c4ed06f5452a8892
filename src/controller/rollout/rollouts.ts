import type { KubeObject } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import type { ConditionValue } from '../../runtime/index.ts';
import { isSuspended } from '../../runtime/index.ts';
import type { KindCache } from '../cache/kind-cache.ts';
import type { RevisionStore } from '../definition/revision-store.ts';
import type { Revision } from '../definition/revision.ts';
import { instanceId, pinnedRevision } from '../instance/instance-directory.ts';
import type { Allowance, Candidate, Outcome, Rollout, Canary } from './canary.ts';
import { allowedOf, decideRollout } from './canary.ts';

/** Annotation of a revision that went, or goes, to some instances first: their number, `0` before any, or `done`. */
const ROLLOUT = 'typekro.dev/rollout';
const UNTRIED = '0';
const DONE = 'done';
/**
 * What a revision is issued with where some instances are to try it first. Should its definition change again, or we end,
 * before any did, it is no revision that others could stay with.
 */
export const TO_BE_TRIED: Readonly<Record<string, string>> = { [ROLLOUT]: UNTRIED };
/** Most instances that a condition names. */
const NAMED = 3;

/** How a definition serves its newest revision. */
export interface RolloutDecision {
  /** Absent: all instances follow the newest revision. */
  readonly canary?: Canary;
  /** For the condition `RolledOut`; absent for definitions without a canary; `keep`: it stays as it is, if it is. */
  readonly condition?: ConditionValue | 'keep';
}

/** What roll-outs are decided with. */
export interface RolloutsOptions {
  readonly revisions: RevisionStore;
  readonly outcomeOf: (instanceId: string) => Outcome | undefined;
  readonly compile: (definition: string, revision: Revision, signal: AbortSignal) => Promise<Graph | undefined>;
}

/**
 * Decides who follows a new revision. How many instances try it is recorded on the revision before they do, and
 * that it may go everywhere before it does: a new process goes on where the last one stopped.
 */
export class Rollouts {
  readonly #options: RolloutsOptions;
  readonly #chosen = new Map<string, { readonly revision: number; readonly members: ReadonlySet<string> }>();

  constructor(options: RolloutsOptions) {
    this.#options = options;
  }

  /** `allowance` is absent when the definition asks for no canary (any more). */
  async decide(
    definition: string,
    revision: Revision,
    allowance: Allowance | undefined,
    instances: KindCache | undefined,
    signal: AbortSignal,
  ): Promise<RolloutDecision> {
    const recorded = recordOf(revision);
    const isOpen = recorded !== undefined && recorded !== DONE;
    const wasTried = recorded !== undefined && recorded !== UNTRIED;
    if (recorded === DONE || allowance === undefined) {
      if (isOpen) await this.#record(revision, DONE, signal);
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
    const count = Math.max(Number(recorded ?? 0), allowedOf(allowance, candidates.length));
    const known = this.#chosen.get(definition);
    const rollout = decideRollout({
      revision: revision.number,
      candidates,
      count,
      chosen: known?.revision === revision.number ? known.members : new Set(),
    });
    if (rollout.phase === 'everywhere') {
      if (isOpen) await this.#record(revision, DONE, signal);
      this.#chosen.delete(definition);
      return { condition: rolledOut(revision) };
    }
    if (recorded !== String(count)) await this.#record(revision, String(count), signal);
    this.#chosen.set(definition, { revision: revision.number, members: rollout.members });
    const key = [before.revision, ...[...rollout.members].sort()].join(' ');
    return {
      canary: { base: before, members: rollout.members, heldBack: candidates.length - rollout.members.size, key },
      condition: rollout.unseen && wasTried ? 'keep' : conditionOf(revision, rollout, candidates.length),
    };
  }

  /** Revisions that instances may still need besides the newest. */
  forget(definition: string): void {
    this.#chosen.delete(definition);
  }

  /** The newest revision before this one that all instances followed and that still compiles. */
  async #baseOf(definition: string, { number }: Revision, signal: AbortSignal) {
    for (const revision of this.#options.revisions.live(definition).toReversed()) {
      const record = recordOf(revision);
      if (revision.number >= number || (record !== undefined && record !== DONE)) continue;
      const graph = await this.#options.compile(definition, revision, signal);
      if (graph !== undefined) return { revision, graph };
    }
    return undefined;
  }

  /** Instances that were there before the revision, and that follow revisions at all. */
  #candidates(instances: KindCache, revision: Revision): Candidate[] {
    const issued = timeOf(revision.object);
    const candidates: Candidate[] = [];
    for (const { object } of instances.values()) {
      const { uid = '', deletionTimestamp, namespace = '', name = '' } = object.metadata;
      if (deletionTimestamp !== undefined || pinnedRevision(object) !== undefined || isSuspended(object)) continue;
      if (timeOf(object) > issued) continue;
      const id = instanceId(instances.type, `${namespace}/${name}`);
      const outcome = this.#options.outcomeOf(id);
      candidates.push({ id, uid, ...(outcome === undefined ? {} : { outcome }) });
    }
    return candidates;
  }

  #record(revision: Revision, value: string, signal: AbortSignal): Promise<void> {
    return this.#options.revisions.annotate(revision, { [ROLLOUT]: value }, signal);
  }
}

function recordOf({ object }: Revision): string | undefined {
  const annotations = object.metadata.annotations ?? {};
  const value = Object.hasOwn(annotations, ROLLOUT) ? annotations[ROLLOUT] : undefined;
  return value === DONE || (value !== undefined && /^\d{1,9}$/.test(value)) ? value : undefined;
}

function timeOf(object: KubeObject): number {
  return Date.parse(object.metadata.creationTimestamp ?? '') || 0;
}

function rolledOut({ number }: Revision): ConditionValue {
  return { status: 'True', reason: 'RolledOut', message: `revision ${number} goes to all instances` };
}

/** Names who tries the revision, or who failed. Without who is done already: that would be a write for each. */
function conditionOf(
  { number }: Revision,
  { phase, members, failed }: Exclude<Rollout, { phase: 'everywhere' }>,
  candidates: number,
): ConditionValue {
  const names = (ids: readonly string[]) =>
    ids.slice(0, NAMED).map(nameOf).join(', ') + (ids.length > NAMED ? `, and ${ids.length - NAMED} more` : '');
  if (phase === 'waiting') {
    const message = `revision ${number} goes to ${members.size} of ${candidates} instances first: ${names([...members].sort())}`;
    return { status: 'Unknown', reason: 'CanaryWaiting', message };
  }
  const reasons = failed.slice(0, NAMED).map(({ id, message }) => `${nameOf(id)}: ${message}`);
  const more = failed.length > NAMED ? `; and ${failed.length - NAMED} more` : '';
  const message = `revision ${number} is held back from ${candidates - members.size} instances, since ${reasons.join('; ')}${more}`;
  return { status: 'False', reason: 'CanaryFailed', message };
}

/** `namespace/name` of an instance id; the name alone for cluster-scoped ones. */
function nameOf(id: string): string {
  return id.split('/').slice(2).join('/').replace(/^\//, '');
}
