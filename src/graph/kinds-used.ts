import type { GroupVersionKind, JsonValue } from '../core/index.ts';
import { isJsonObject, parseApiVersion } from '../core/index.ts';

/**
 * The kinds that the templates and external references of a definition's `spec` name, so that their schemas can be
 * fetched before `compile` is called. Skips malformed resources, which `compile` reports.
 */
export function kindsUsed(spec: JsonValue | undefined): GroupVersionKind[] {
  const resources = isJsonObject(spec) && Array.isArray(spec['resources']) ? spec['resources'] : [];
  return resources.flatMap((resource) => {
    if (!isJsonObject(resource)) return [];
    return [resource['template'], resource['externalRef']].flatMap((object) => {
      if (!isJsonObject(object)) return [];
      const { apiVersion, kind } = object;
      return typeof apiVersion === 'string' && typeof kind === 'string'
        ? [{ ...parseApiVersion(apiVersion), kind }]
        : [];
    });
  });
}
