import type { JsonObject } from '../../core/index.ts';
import { formatApiVersion } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import { crdSource } from '../../schema/index.ts';
import { sampleValue } from '../sample-value.ts';

/**
 * Makes an example of an instance of a definition. The fields without a default get a value, except maps and fields of
 * any type. A value fits the schema of its field, but a text can violate its `pattern`. The author must replace such a
 * text.
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
