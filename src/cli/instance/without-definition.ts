import type { KubeObject } from '../../core/index.ts';
import { refOf } from '../../core/index.ts';
import { hasFinalizer, keys } from '../../runtime/index.ts';
import type { Blocker } from './blocker.ts';
import { kubectlObject } from './kubectl-object.ts';

/**
 * Describes the deletion of an instance that no controller carries out, because its definition is deleted. Returns
 * `undefined` for an instance without the controller's finalizer, which the server deletes at once.
 *
 * @param definition the name of the deleted definition
 */
export function blockerWithoutDefinition(instance: KubeObject, definition: string): Blocker | undefined {
  if (!hasFinalizer(instance)) return undefined;
  const others = (instance.metadata.finalizers ?? []).filter((each) => each !== keys.FINALIZER);
  const patch = JSON.stringify({ metadata: { finalizers: others.length === 0 ? null : others } });
  return {
    reason: `the definition ${definition} is gone, so no controller deletes the objects and removes the finalizer ${keys.FINALIZER}`,
    remedy: `apply the definition ${definition} again; its controller then ends the deletion of the instance. To leave the objects of the instance as they are: kubectl patch ${kubectlObject(refOf(instance))} --type merge -p '${patch}'`,
  };
}
