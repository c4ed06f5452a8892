import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { labelSelectorMatcher, optionalAt, textAt } from '@typekro/kit/kubernetes';
import type { ServedResource } from '../registry/served-resource.ts';
import type { Conversions } from '../store/stored.ts';
import type { AdmissionContext } from './attributes.ts';

/** An error in a policy or a binding. The failure policy decides whether the request fails. */
export class ConfigurationError extends Error {}

/**
 * Returns the resource of a policy's parameters, or `undefined` for a policy without parameters.
 *
 * @throws ConfigurationError when the kind is not served.
 */
export function paramResource({ registry }: AdmissionContext, policy: JsonObject): ServedResource | undefined {
  const kind = optionalAt(policy, 'paramKind');
  if (kind === undefined) return undefined;
  const [apiVersion, name] = [textAt(kind, 'apiVersion'), textAt(kind, 'kind')];
  const resource = registry.findKind(apiVersion, name);
  if (resource !== undefined) return resource;
  throw new ConfigurationError(
    `failed to find resource referenced by paramKind: '${apiVersion.includes('/') ? '' : '/'}${apiVersion}, Kind=${name}'`,
  );
}

/**
 * Returns the parameters of a binding. The policy is evaluated once per parameter. `null` stands for no parameter.
 *
 * @throws ConfigurationError when the reference is invalid, or when it selects no object and its
 * `parameterNotFoundAction` is `Deny`.
 */
export function paramsOf(
  { conversions }: Pick<AdmissionContext, 'conversions'>,
  resource: ServedResource | undefined,
  binding: JsonObject,
  namespace: string,
): readonly (KubeObject | null)[] {
  const ref = optionalAt(binding, 'paramRef');
  if (resource === undefined || ref === undefined) return [null];
  const params = selectedParams(resource, ref, placeOf(resource, ref, namespace), conversions);
  if (params.length > 0 || textAt(ref, 'parameterNotFoundAction') !== 'Deny') return params;
  throw new ConfigurationError('no params found for policy binding with `Deny` parameterNotFoundAction');
}

/** Returns the namespace of the parameters, or `''` for cluster-scoped parameters. */
function placeOf(resource: ServedResource, ref: JsonObject, namespace: string): string {
  const own = textAt(ref, 'namespace');
  if (!resource.namespaced) {
    if (own === '') return '';
    throw new ConfigurationError('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
  }
  if (own !== '' || namespace !== '') return own || namespace;
  throw new ConfigurationError(
    'cannot use namespaced paramRef in policy binding that matches cluster-scoped resources',
  );
}

function selectedParams(
  resource: ServedResource,
  ref: JsonObject,
  place: string,
  conversions: Conversions | undefined,
): KubeObject[] {
  const name = textAt(ref, 'name');
  if (name !== '') {
    const stored = resource.collection.get(place === '' ? name : `${place}/${name}`);
    return stored === undefined ? [] : [stored.as(resource, conversions).object];
  }
  const selector = optionalAt(ref, 'selector') ?? {};
  return resource.collection
    .inNamespace(place)
    .map((stored) => stored.as(resource, conversions).object)
    .filter(({ metadata }) => labelSelectorMatcher(selector)(metadata.labels ?? {}));
}
