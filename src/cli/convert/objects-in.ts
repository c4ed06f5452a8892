import type { JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import { asKubeObject } from '../up/read-manifest.ts';

/** The objects of documents; those of a List one by one. */
export function objectsIn(documents: readonly JsonValue[]): KubeObject[] {
  return documents.flatMap((document) => {
    const items = isJsonObject(document) && document['kind'] === 'List' ? document['items'] : [document];
    return (Array.isArray(items) ? items : []).flatMap((item) => asKubeObject(item) ?? []);
  });
}
