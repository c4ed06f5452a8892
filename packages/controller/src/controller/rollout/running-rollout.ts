import type { KubeObject } from '@typekro/kit/core';
import { readConditions } from '@typekro/engine/runtime';
import { readPolicies } from '../definition/definition-policies.ts';
import type { Revision } from '../definition/revision.ts';
import { type RolloutPreview, previewRollout } from './preview-rollout.ts';

/** The running roll-out of a definition. */
export interface RunningRollout extends RolloutPreview {
  /** The number of all instances. It includes pinned and suspended instances, although a canary never selects them. */
  readonly of: number;
}

/**
 * The running roll-out of the newest revision of a definition. Returns `undefined` when the revision goes to all
 * instances.
 *
 * @param revision the newest revision
 * @param instances all instances of the definition
 */
export function runningRollout(
  definition: KubeObject,
  revision: Pick<Revision, 'number' | 'object'>,
  instances: readonly KubeObject[],
): RunningRollout | undefined {
  const preview = previewRollout({
    revision: revision.number,
    issued: revision.object,
    allowance: readPolicies(definition).canary,
    instances,
    conditions: readConditions(definition.status?.['conditions']),
    // A roll-out orders instances by UID, and by id only when two UIDs are equal. Therefore the key of an instance can
    // replace its id.
    idOf: (key) => key,
  });
  return preview === undefined ? undefined : { ...preview, of: instances.length };
}
