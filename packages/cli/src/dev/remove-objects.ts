import { type KubeObject, objectName, refOf } from '@typekro/kit/core';
import { isDefinition } from '@typekro/engine/graph';
import { type KubernetesApi, isNotFound, waitForObject } from '@typekro/kube';

/**
 * Deletes objects that are no longer in the files, and waits for each deletion to finish. The order is: instances,
 * other objects, definitions. Definitions are last, because the controller needs a definition to delete the children of
 * its instances.
 *
 * @param isInstance is the object an instance of a definition?
 */
export async function removeObjects(
  api: KubernetesApi,
  objects: readonly KubeObject[],
  isInstance: (object: KubeObject) => boolean,
  signal: AbortSignal,
  print: (text: string) => void,
): Promise<void> {
  const rank = (object: KubeObject): number => (isInstance(object) ? 0 : isDefinition(object) ? 2 : 1);
  for (const object of [...objects].sort((a, b) => rank(a) - rank(b))) {
    const ref = refOf(object);
    try {
      await api.delete(ref, { signal });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      continue;
    }
    await waitForObject(api, ref, signal, (found) => (found === undefined ? true : undefined));
    print(`deleted ${objectName(ref)}, which the files no longer contain`);
  }
}
