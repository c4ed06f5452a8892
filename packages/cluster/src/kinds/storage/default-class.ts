import type { KubeObject } from '@typekro/kit/core';
import type { WriteContext } from '../strategy.ts';

/**
 * The default class: the newest class that has one of the annotations with the value `true`. If several default classes
 * are equally old, the first by name is chosen. `undefined` when no class is a default.
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
  // The sort is stable, and the objects are already sorted by name.
  return defaults.toSorted((a, b) => createdAt(b) - createdAt(a))[0]?.metadata.name;
}

const createdAt = ({ metadata }: KubeObject): number => Date.parse(metadata.creationTimestamp ?? '') || 0;
