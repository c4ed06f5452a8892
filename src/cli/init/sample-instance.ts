import type { JsonObject } from '../../core/index.ts';
import { formatApiVersion } from '../../core/index.ts';
import type { Graph } from '../../graph/index.ts';
import { crdSource } from '../../schema/index.ts';
import { sampleValue } from '../sample-value.ts';

/**
 * Makes an example of an instance of a definition. Every field without a default has a value that its schema accepts,
 * except that patterns are ignored: the author must replace a text that does not match.
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
