import { type JsonObject, type KubeObject, isJsonObject, stringifyJson } from '@typekro/kit/core';

/**
 * The limits for stored field sets: the characters of one set as JSON, and the number of sets. Longer sets are rarely
 * shared.
 */
const MAX_FIELDS_LENGTH = 8192;
const MAX_FIELDS = 1024;

/**
 * Stores equal sets of managed fields only once. The children of one node have equal sets, and a set takes half of an
 * object's memory.
 */
export class SharedFields {
  readonly #known = new Map<string, JsonObject>();

  /** Replaces the field sets of an object with equal sets that are already stored. Stored sets are frozen. */
  share({ managedFields = [] }: KubeObject['metadata']): void {
    for (const entry of managedFields) {
      const fields = isJsonObject(entry) ? entry['fieldsV1'] : undefined;
      if (!isJsonObject(fields)) continue;
      const text = stringifyJson(fields);
      if (text.length > MAX_FIELDS_LENGTH) continue;
      const known = this.#known.get(text);
      if (known !== undefined) (entry as { fieldsV1?: JsonObject }).fieldsV1 = known;
      else if (this.#known.size < MAX_FIELDS) this.#known.set(text, Object.freeze(fields));
    }
  }
}
