import type { KubeObject } from '../../core/index.ts';
import type { Condition } from '../../runtime/index.ts';
import type { Allowance, RolloutCandidate } from './canary.ts';
import { allowedOf, decideRollout, followsRollouts } from './canary.ts';

/** How a revision will reach the existing instances. */
export interface RolloutPreview {
  /**
   * `waiting`: the members get the revision first. `held`: a member failed, and the other instances keep their
   * revision.
   */
  readonly phase: 'waiting' | 'held';
  /** The keys (`namespace/name`) of the instances that get the revision first. */
  readonly members: ReadonlySet<string>;
  /** The message of the definition's condition `RolledOut`. Set only for `held`. */
  readonly message?: string;
}

/** The input of a preview of a roll-out. */
export interface RolloutPreviewInput {
  readonly revision: number;
  /** Has the revision not been issued yet? */
  readonly isNew: boolean;
  readonly allowance: Allowance | undefined;
  readonly instances: readonly KubeObject[];
  /** The conditions of the live definition. */
  readonly conditions: readonly Condition[];
  /** Returns the id of an instance for its key. */
  readonly idOf: (key: string) => string;
}

/** The key of an instance: `namespace/name`. */
export function instanceKey({ metadata: { namespace = '', name = '' } }: KubeObject): string {
  return `${namespace}/${name}`;
}

/**
 * Predicts which instances get a revision first. Like the controller, chooses them by their UIDs. Returns `undefined`
 * when all instances get the revision at once. For a revision whose roll-out is running, the condition `RolledOut`
 * determines the phase.
 */
export function previewRollout(input: RolloutPreviewInput): RolloutPreview | undefined {
  const { revision, isNew, allowance, instances, conditions, idOf } = input;
  if (allowance === undefined) return undefined;
  const recorded = conditions.find(({ type }) => type === 'RolledOut');
  if (!isNew && (recorded === undefined || recorded.status === 'True')) return undefined;
  const keys = new Map<string, string>();
  const candidates: RolloutCandidate[] = [];
  for (const object of instances) {
    if (!followsRollouts(object)) continue;
    const id = idOf(instanceKey(object));
    keys.set(id, instanceKey(object));
    candidates.push({ id, uid: object.metadata.uid ?? '' });
  }
  const count = allowedOf(allowance, candidates.length);
  const rollout = decideRollout({ revision, candidates, count, chosen: new Set() });
  if (rollout.phase === 'everywhere') return undefined;
  const members = new Set([...rollout.members].map((id) => keys.get(id) ?? id));
  const isHeld = !isNew && recorded?.status === 'False';
  return {
    phase: isHeld ? 'held' : 'waiting',
    members,
    ...(isHeld && recorded?.message !== undefined ? { message: recorded.message } : {}),
  };
}
