import type { KubeObject } from '../../core/index.ts';
import type { WriteContext } from './strategy.ts';

/**
 * The class for an object that names none: the newest class that one of the annotations makes a default. Of equally old
 * default classes, the first by name counts. `undefined` when no class is a default.
 */
export function defaultClass(
  { store }: Pick<WriteContext, 'store'>,
  group: string,
  plural: string,
  annotations: readonly string[],
): string | undefined {
  const defaults = store
    .collection(group, plural)
    .all()
    .map(({ object }) => object)
    .filter(({ metadata }) => annotations.some((name) => metadata.annotations?.[name] === 'true'));
  // The objects come in the order of their names.
  return defaults.toSorted((a, b) => createdAt(b) - createdAt(a))[0]?.metadata.name;
}

const createdAt = ({ metadata }: KubeObject): number => Date.parse(metadata.creationTimestamp ?? '') || 0;
