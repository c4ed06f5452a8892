import type { ObjectRef } from '../../core/index.ts';

/** `WebApp team-a/shop`. */
export function objectName({ kind, name, namespace }: Pick<ObjectRef, 'kind' | 'name' | 'namespace'>): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}
