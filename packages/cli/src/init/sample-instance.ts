import type { JsonObject } from '@typekro/kit/core';
import { formatApiVersion } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import { crdSource } from '@typekro/engine/schema';
import { sampleValue } from '../sample-value.ts';

/**
 * Makes an example instance of a definition. Sets the fields without a default, except optional maps and optional
 * fields that accept any type. A value can violate a rule of its field that `sampleValue` does not follow, such as
 * `pattern`. The author must replace such a value.
 */
export function sampleInstance({ instance }: Graph): JsonObject {
  const schema = crdSource([instance.crd]).schemaOf(instance);
  const spec = sampleValue(schema?.properties?.['spec'] ?? {}, 'example', 'withoutDefaults');
  return {
    apiVersion: formatApiVersion(instance),
    kind: instance.kind,
    metadata: { name: 'example', ...(instance.namespaced ? { namespace: 'default' } : {}) },
    spec: spec ?? {},
  };
}
