import type { KubeObject } from '../../core/index.ts';
import type { Condition } from '../../runtime/index.ts';
import type { Allowance, RolloutCandidate } from './canary.ts';
import { allowedOf, decideRollout, followsRollouts } from './canary.ts';

/** How a revision will go to the instances that exist. */
export interface RolloutPreview {
  /** `waiting`: to the members first; `held`: a member failed, and the others stay where they are. */
  readonly phase: 'waiting' | 'held';
  /** Keys (`namespace/name`) of the instances that go first. */
  readonly members: ReadonlySet<string>;
  /** What the condition `RolledOut` of the definition says, for `held`. */
  readonly message?: string;
}

/** What a preview of a roll-out is made of. */
export interface RolloutPreviewInput {
  readonly revision: number;
  /** Is the revision still to be issued? */
  readonly isNew: boolean;
  readonly allowance: Allowance | undefined;
  readonly instances: readonly KubeObject[];
  /** The conditions of the definition in the cluster. */
  readonly conditions: readonly Condition[];
  /** The id of an instance by its key, as roll-outs use it. */
  readonly idOf: (key: string) => string;
}

/** The key of an instance: `namespace/name`. */
export function instanceKey({ metadata: { namespace = '', name = '' } }: KubeObject): string {
  return `${namespace}/${name}`;
}

/**
 * Which instances a new revision will go to first, as the controller chooses them: by their UIDs. `undefined` when it
 * goes to all at once. Of a revision that the controller rolls out already, the condition `RolledOut` tells the phase.
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
