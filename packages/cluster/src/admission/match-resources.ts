import type { JsonObject } from '@typekro/kit/core';
import { objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import type { ServedResource } from '../registry/served-resource.ts';
import type { AdmissionAttributes, AdmissionContext } from './attributes.ts';
import { matchedResource, namespaceSelected, objectSelected } from './rule-matches.ts';

/**
 * Compares a request with the `MatchResources` of a policy or a binding. Returns the resource in the version that the
 * rules match, or `undefined` when the request does not match. Without rules, every resource matches in the version of
 * the request.
 *
 * @throws ApiError 404 when the namespace does not exist.
 */
export function matchedByResources(
  match: JsonObject,
  attributes: AdmissionAttributes,
  { registry, store }: AdmissionContext,
): ServedResource | undefined {
  if (!objectSelected(objectAt(match, 'objectSelector'), attributes)) return undefined;
  const policy = textAt(match, 'matchPolicy');
  const excluded = objectsAt(match, 'excludeResourceRules');
  if (excluded.length > 0 && matchedResource(excluded, policy, attributes, registry.all()) !== undefined)
    return undefined;
  const rules = objectsAt(match, 'resourceRules');
  const resource =
    rules.length === 0 ? attributes.resource : matchedResource(rules, policy, attributes, registry.all());
  if (resource === undefined) return undefined;
  return namespaceSelected(objectAt(match, 'namespaceSelector'), attributes, store) ? resource : undefined;
}
