import { isJsonObject } from '../../core/index.ts';
import type { GroupVersionKind } from '../../core/index.ts';
import type { CacheSet } from '../cache/cache-set.ts';
import { isEstablished } from './crd-plan.ts';
import { CRD_TYPE } from './definition.ts';

/** The name of the established CRD of a kind, as far as the watch knows. */
export function findCrdName(caches: CacheSet, type: GroupVersionKind): string | undefined {
  for (const { object } of caches.peek(CRD_TYPE)?.values() ?? []) {
    const names = object.spec?.['names'];
    if (object.spec?.['group'] !== type.group || !isJsonObject(names) || names['kind'] !== type.kind) continue;
    if (isEstablished(object)) return object.metadata.name;
  }
  return undefined;
}
