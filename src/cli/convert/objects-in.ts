import type { JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import { asKubeObject } from '../up/read-manifest.ts';

/**
 * Returns the Kubernetes objects in documents. A `List` is replaced by its items, and documents that are not objects
 * are left out.
 */
export function objectsIn(documents: readonly JsonValue[]): KubeObject[] {
  return documents.flatMap((document) => {
    const items = isJsonObject(document) && document['kind'] === 'List' ? document['items'] : [document];
    return (Array.isArray(items) ? items : []).flatMap((item) => asKubeObject(item) ?? []);
  });
}
