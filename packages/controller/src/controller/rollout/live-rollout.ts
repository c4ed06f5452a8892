import { type GroupVersionKind, type KubeObject, typeMetaOf, namespacedName, listed } from '@typekro/kit/core';
import { type KubernetesApi, unlessFailed } from '@typekro/kube';
import { RecordedStatus } from '@typekro/engine/runtime';
import type { DefinitionRevision } from '../definition/definition-revisions.ts';
import { pinnedRevision } from '../definition/revision.ts';
import { type Allowance, allowedOf, decideRollout, mayTry } from './canary.ts';
import { hasPropagateWhen, possibleBases, rolloutCount } from './rollouts.ts';

/** The effect of a running roll-out on one instance. */
export interface LiveRollout {
  /**
   * The revision that the instance stays with during the roll-out; `undefined` when the instance is one of the first
   * that get the newest revision.
   */
  readonly base?: DefinitionRevision;
  /** Is the instance one of the first that get the newest revision? */
  readonly isFirst: boolean;
  /** A sentence about the instances that get the newest revision first, and the revision that this instance follows. */
  readonly note: string;
}

/** The maximum number of instances that a note names. */
const MAX_NAMED_INSTANCES = 5;

/**
 * The effect of the running roll-out of a definition's newest revision on an instance. The controller chooses the first
 * instances by their UIDs and records their number on the revision, so another program finds the same instances.
 *
 * @returns `undefined` when the revision goes to all instances, or when no earlier revision exists. Also `undefined`
 * when the instance is pinned or keeps the newest revision by `propagateWhen`, and when the instances cannot be listed.
 */
export async function liveRollout(
  api: Pick<KubernetesApi, 'list'>,
  type: GroupVersionKind,
  revisions: readonly DefinitionRevision[],
  instance: KubeObject,
  allowance: Allowance,
  signal: AbortSignal,
): Promise<LiveRollout | undefined> {
  const newest = revisions.at(-1);
  const recorded = newest === undefined ? undefined : rolloutCount(newest.object);
  if (newest === undefined || recorded === undefined || pinnedRevision(instance) !== undefined) return undefined;
  if (hasPropagateWhen(newest.spec) && RecordedStatus.revision(instance) === newest.number) return undefined;
  const [base] = possibleBases(revisions, newest.number);
  const instances = await instancesOf(api, type, signal);
  if (base === undefined || instances === undefined) return undefined;
  const candidates = instances
    .filter((each) => mayTry(each, newest.object))
    .map((each) => ({ id: nameOf(each), uid: each.metadata.uid ?? '' }));
  const count = Math.max(recorded, allowedOf(allowance, candidates.length));
  const rollout = decideRollout({ revision: newest.number, candidates, count, chosen: new Set() });
  if (rollout.phase === 'everywhere') return undefined;
  const first = [...rollout.members].sort();
  const progress = `revision ${newest.number} goes to ${first.length} of ${candidates.length} instances first: ${listed(first, MAX_NAMED_INSTANCES)}`;
  if (rollout.members.has(nameOf(instance))) return { isFirst: true, note: `${progress}; this instance is among them` };
  return {
    base,
    isFirst: false,
    note: `${progress}; this instance stays with revision ${base.number} until they are ready`,
  };
}

const nameOf = ({ metadata }: KubeObject): string => namespacedName(metadata);

async function instancesOf(
  api: Pick<KubernetesApi, 'list'>,
  type: GroupVersionKind,
  signal: AbortSignal,
): Promise<readonly KubeObject[] | undefined> {
  return (await unlessFailed(api.list(typeMetaOf(type), { metadataOnly: true, signal })))?.items;
}
