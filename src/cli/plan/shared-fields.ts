import type { JsonObject, KubeObject } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';

/** The limits of the kept sets of fields. Longer sets are rarely shared. */
const MAX_FIELDS_LENGTH = 8192;
const MAX_FIELDS = 1024;

/**
 * Keeps equal sets of managed fields of many objects only once. Children of one node have equal sets, and a set is half
 * of an object's size in memory.
 */
export class SharedFields {
  readonly #known = new Map<string, JsonObject>();

  /** Replaces the sets of fields of an object by equal kept ones. Kept sets are frozen. */
  share({ managedFields = [] }: KubeObject['metadata']): void {
    for (const entry of managedFields) {
      const fields = isJsonObject(entry) ? entry['fieldsV1'] : undefined;
      if (!isJsonObject(fields)) continue;
      const text = JSON.stringify(fields);
      if (text.length > MAX_FIELDS_LENGTH) continue;
      const known = this.#known.get(text);
      if (known !== undefined) (entry as { fieldsV1?: JsonObject }).fieldsV1 = known;
      else if (this.#known.size < MAX_FIELDS) this.#known.set(text, Object.freeze(fields));
    }
  }
}
