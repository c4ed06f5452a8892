import type { KubeObject } from '@typekro/kit/core';
import { objectName, refOf, TypeKroError } from '@typekro/kit/core';
import { shellWord } from './shell-word.ts';

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
