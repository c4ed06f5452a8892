import { type KubernetesApi, KubeError } from '@typekro/kube';
import { type KubeObject, objectName, refOf, TypeKroError } from '@typekro/kit/core';
import { shellWord } from '../text/escapes.ts';

/** Does the cluster have a namespace of this name? Returns `undefined` when the user may not read namespaces. */
export async function hasNamespace(
  api: KubernetesApi,
  name: string,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  try {
    return (await api.find({ apiVersion: 'v1', kind: 'Namespace', name }, { signal })) !== undefined;
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return undefined;
    throw error;
  }
}

/**
 * Throws `cli/other-namespace` when the namespace of an object differs from `--namespace`. kubectl also refuses such
 * objects. The message names all of them.
 *
 * @param objects namespaced objects, each with its file
 */
export function refuseOtherNamespace(
  objects: Iterable<{ readonly object: KubeObject; readonly file: string }>,
  only: string,
): void {
  const others = [...objects].filter(({ object }) => (refOf(object).namespace ?? only) !== only);
  if (others.length === 0) return;
  const places = others.map(
    ({ object, file }) => `${objectName(refOf(object))} of ${file} is in namespace ${object.metadata.namespace ?? ''}`,
  );
  const namespaces = new Set(others.map(({ object }) => object.metadata.namespace ?? ''));
  const other =
    namespaces.size === 1
      ? `name that namespace: -n ${[...namespaces].map(shellWord).join()}`
      : 'run the command once for each namespace, with the files of this namespace';
  throw new TypeKroError(`--namespace names ${only}, but ${[...new Set(places)].join(', ')}`, {
    code: 'cli/other-namespace',
    remedy: `leave -n out, or ${other}`,
  });
}

/**
 * Returns a copy of the object with the namespace. Returns the object unchanged if it already has a namespace, or if
 * `namespace` is undefined.
 */
export function withNamespace(object: KubeObject, namespace: string | undefined): KubeObject {
  const isPlaced = refOf(object).namespace !== undefined;
  return namespace === undefined || isPlaced ? object : { ...object, metadata: { ...object.metadata, namespace } };
}
