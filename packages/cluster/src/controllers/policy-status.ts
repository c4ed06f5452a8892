import type { GroupVersionKind, JsonObject } from '@typekro/kit/core';
import { countAt, listAt, objectAt, objectsAt } from '@typekro/kit/kubernetes';
import type { ControllerClient } from './controller-client.ts';
import { type SimulatedController, concerns, targetIn } from './simulated-controller.ts';

const POLICIES = { group: 'admissionregistration.k8s.io', plural: 'validatingadmissionpolicies' } as const;
const DEFINITIONS = { group: 'apiextensions.k8s.io', plural: 'customresourcedefinitions' } as const;

/** Writes the type errors of a policy's expressions into the status of the policy. */
export const policyStatusController: SimulatedController = {
  name: 'validatingadmissionpolicy-status-controller',
  target: targetIn(POLICIES),

  *keysOf(event) {
    if (event.type !== 'DELETED' && concerns(event, POLICIES.group, POLICIES.plural)) yield event.stored.key;
  },

  reconcile(name, client) {
    const policy = client.get(POLICIES, '', name);
    if (policy === undefined) return;
    const { generation = 0 } = policy.metadata;
    if (generation <= countAt(policy.status, 'observedGeneration')) return;
    const spec = objectAt(policy, 'spec');
    const found = client.schemas().policyTypeWarnings(spec, kindsOf(spec, client), client.list(DEFINITIONS, ''));
    const typeChecking = found.length === 0 ? {} : { expressionWarnings: found.map((warning) => ({ ...warning })) };
    client.updateStatus(policy, { ...policy.status, observedGeneration: generation, typeChecking });
  },
};

/** The maximum number of kinds against which a policy is checked. */
const MAX_KINDS = 10;

/**
 * Returns at most `MAX_KINDS` of the kinds that the rules of a policy name without wildcards, sorted by group, version
 * and kind.
 */
function kindsOf(spec: JsonObject, client: ControllerClient): GroupVersionKind[] {
  const found = new Map<string, GroupVersionKind>();
  for (const rule of objectsAt(spec, 'matchConstraints', 'resourceRules')) {
    const [groups, versions, resources] = ['apiGroups', 'apiVersions', 'resources'].map((key) =>
      listAt(rule, key).map(String).toSorted(),
    );
    if ([...(groups ?? []), ...(versions ?? [])].some((name) => name.includes('*'))) continue;
    for (const group of groups ?? []) {
      for (const version of versions ?? []) {
        for (const plural of resources ?? []) {
          const kind = /[*/]/.test(plural) ? undefined : client.resource(group, version, plural)?.kind;
          if (kind !== undefined && found.size < MAX_KINDS)
            found.set(`${group} ${version} ${kind}`, { group, version, kind });
        }
      }
    }
  }
  return [...found.keys()].toSorted().flatMap((key) => found.get(key) ?? []);
}
