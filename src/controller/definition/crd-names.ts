import type { GroupVersionKind } from '../../core/index.ts';
import type { CacheSet } from '../cache/cache-set.ts';
import { isEstablished } from './crd-plan.ts';
import { CRD_TYPE } from './definition.ts';

/** The name of the established CRD of a kind, as far as the watch knows. */
export function findCrdName(caches: CacheSet, type: GroupVersionKind): string | undefined {
  const found = caches.peek(CRD_TYPE)?.indexed(`${type.group}/${type.kind}`) ?? [];
  return found.find(({ object }) => isEstablished(object))?.object.metadata.name;
}
