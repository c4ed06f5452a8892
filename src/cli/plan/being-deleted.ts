import type { KubeObject } from '../../core/index.ts';
import { refOf } from '../../core/index.ts';
import type { Blocker } from '../instance/blocker.ts';
import { argumentOf } from '../instance/instance-name.ts';
import { kubectlObject } from '../instance/kubectl-object.ts';
import { shellWord } from '../shell-word.ts';

/**
 * Describes why an apply of an object that is being deleted has no lasting effect. Returns `undefined` for an object
 * that is not being deleted.
 *
 * @param live the object in the cluster
 * @param look a command that shows what holds the object, when there is one for its kind
 */
export function blockerOfDeletion(live: KubeObject | undefined, look?: string): Blocker | undefined {
  const since = live?.metadata.deletionTimestamp;
  if (live === undefined || since === undefined) return undefined;
  const { finalizers = [] } = live.metadata;
  const held = finalizers.length === 0 ? '' : `, and its finalizers hold it (${finalizers.join(', ')})`;
  const wait = `kubectl wait --for=delete ${kubectlObject(refOf(live))}`;
  const shows = look === undefined ? '' : `; ${look} shows what holds it`;
  return {
    reason: `it is being deleted since ${since}${held}`,
    remedy: `wait until it is gone, then plan again: ${wait}${shows}`,
  };
}

/** The command that shows what holds an instance. */
export const whyCommand = (instance: KubeObject): string => `typekro why ${shellWord(argumentOf(instance))}`;
