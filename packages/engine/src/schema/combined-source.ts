import { type GroupVersionKind, definedMembers, firstDefined } from '@typekro/kit/core';
import { typeKey } from './discovery.ts';
import type { SchemaSource } from './model.ts';

/**
 * Combines several sources. The schema of a kind comes from the first source that has the schema. The API resource of a
 * kind comes from the first source that has the resource, which may be a different source.
 */
export function combineSources(...sources: readonly SchemaSource[]): SchemaSource {
  return {
    ...definedMembers({ ifUnknown: sources.find(({ ifUnknown }) => ifUnknown !== undefined)?.ifUnknown }),
    schemaOf: (type) => firstDefined(sources, (source) => source.schemaOf(type)),
    resourceOf: (type) => firstDefined(sources, (source) => source.resourceOf(type)),
    *kinds() {
      const seen = new Set<string>();
      for (const source of sources) {
        for (const type of source.kinds()) {
          const key = typeKey(type);
          if (seen.has(key)) continue;
          seen.add(key);
          yield type satisfies GroupVersionKind;
        }
      }
    },
  };
}
