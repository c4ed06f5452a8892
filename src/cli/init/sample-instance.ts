import type { JsonObject } from '../../core/index.ts';
import { formatApiVersion } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import { crdSource } from '../../schema/index.ts';
import { sampleValue } from '../sample-value.ts';

/**
 * An instance of a definition as an example: every field without a default has a value that its schema takes. A field
 * with a pattern gets a text that the author has to replace where the pattern does not take it.
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
