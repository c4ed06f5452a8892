import type { KubeObject, JsonObject } from '@typekro/kit/core';
import { objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import type { ServedResource } from '../registry/served-resource.ts';
import type { AdmissionAttributes, AdmissionContext } from './attributes.ts';
import { ADMISSION_GROUP } from './admission-gate.ts';
import { ConfigurationError, paramResource, paramsOf } from './params.ts';
import { matchedResource, namespaceSelected, objectSelected } from './rule-matches.ts';

/** A policy that a binding applies to a request, with one parameter. */
export interface PolicyInvocation {
  readonly policy: KubeObject;
  readonly binding: KubeObject;
  /** The resource, in the version that the policy matches. */
  readonly resource: ServedResource;
  /** `null` stands for no parameter. */
  readonly param: KubeObject | null;
}

/** A policy or a binding that matches the request but cannot be applied. */
export interface BrokenPolicy {
  readonly policy: KubeObject;
  /** `undefined` for an error in the policy itself. */
  readonly binding: KubeObject | undefined;
  readonly problem: string;
}

/** Describes a configuration error of a policy or a binding. Rethrows any other error. */
const broken = (policy: KubeObject, binding: KubeObject | undefined, error: unknown): BrokenPolicy => {
  if (!(error instanceof ConfigurationError)) throw error;
  const what = binding === undefined ? 'policy' : 'binding';
  return { policy, binding, problem: `failed to configure ${what}: ${error.message}` };
};

/**
 * Returns the policies that apply to a request, sorted by the names of policies, then of bindings. The caller must
 * still evaluate the match conditions.
 *
 * @throws ApiError 404 when the namespace of the request does not exist.
 */
export function policyInvocations(
  context: AdmissionContext,
  kind: 'mutating' | 'validating',
  attributes: AdmissionAttributes,
): (BrokenPolicy | PolicyInvocation)[] {
  const bindings = context.store.collection(ADMISSION_GROUP, `${kind}admissionpolicybindings`).all();
  const policies = context.store.collection(ADMISSION_GROUP, `${kind}admissionpolicies`);
  const names = new Set(bindings.map(({ object }) => textAt(object, 'spec', 'policyName')));
  return [...names].toSorted().flatMap((name) => {
    const policy = policies.get(name)?.object;
    if (policy === undefined) return [];
    const own = bindings.filter(({ object }) => textAt(object, 'spec', 'policyName') === name);
    return invocationsOf(
      context,
      policy,
      own.map(({ object }) => object),
      attributes,
    );
  });
}

function invocationsOf(
  context: AdmissionContext,
  policy: KubeObject,
  bindings: readonly KubeObject[],
  attributes: AdmissionAttributes,
): (BrokenPolicy | PolicyInvocation)[] {
  const spec = objectAt(policy, 'spec');
  const resource = matchedByResources(objectAt(spec, 'matchConstraints'), attributes, context);
  if (resource === undefined) return [];
  let params: ServedResource | undefined;
  try {
    params = paramResource(context, spec);
  } catch (error) {
    return [broken(policy, undefined, error)];
  }
  return bindings.flatMap((binding): (BrokenPolicy | PolicyInvocation)[] => {
    const own = objectAt(binding, 'spec');
    if (matchedByResources(objectAt(own, 'matchResources'), attributes, context) === undefined) return [];
    try {
      return paramsOf(context, params, own, attributes.namespace).map((param) => ({
        policy,
        binding,
        resource,
        param,
      }));
    } catch (error) {
      return [broken(policy, binding, error)];
    }
  });
}

/**
 * Compares a request with the `MatchResources` of a policy or a binding. Returns the resource in the version that the
 * rules match, or `undefined` when the request does not match. Without rules, every resource matches in the version of
 * the request.
 *
 * @throws ApiError 404 when the namespace does not exist.
 */
function matchedByResources(
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
