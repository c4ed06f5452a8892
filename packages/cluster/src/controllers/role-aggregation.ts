import { type JsonObject, type KubeObject, distinctJson, jsonEquals } from '@typekro/kit/core';
import { labelSelectorMatcher, objectAt, objectsAt } from '@typekro/kit/kubernetes';
import { type SimulatedController, concerns, targetIn } from './simulated-controller.ts';

const ROLES = { group: 'rbac.authorization.k8s.io', plural: 'clusterroles' } as const;

/** Sets the rules of aggregated ClusterRoles to the rules of the ClusterRoles that they select. */
export const aggregationController: SimulatedController = {
  name: 'clusterrole-aggregation-controller',
  target: targetIn(ROLES),

  *keysOf(event, client) {
    if (!concerns(event, ROLES.group, ROLES.plural)) return;
    const parts = [event.stored.object, event.previous?.object].filter((role) => role !== undefined);
    for (const role of client.list(ROLES, '')) {
      const selectors = selectorsOf(role);
      if (selectors.length === 0) continue;
      const isConcerned = parts.some((part) => part.metadata.name === role.metadata.name || isPart(selectors, part));
      if (isConcerned) yield role.metadata.name ?? '';
    }
  },

  reconcile(name, client) {
    const role = client.get(ROLES, '', name);
    const selectors = role === undefined ? [] : selectorsOf(role);
    if (role === undefined || selectors.length === 0) return;
    const all: JsonObject[] = [];
    for (const selector of selectors) {
      for (const part of client.list(ROLES, '')) {
        if (part.metadata.name === name || !isPart([selector], part)) continue;
        for (const rule of objectsAt(part, 'rules')) all.push(rule);
      }
    }
    const rules = distinctJson(all);
    if (!jsonEquals(objectsAt(role, 'rules'), rules)) client.update({ ...role, rules });
  },
};

const selectorsOf = (role: KubeObject): JsonObject[] =>
  objectsAt(objectAt(role, 'aggregationRule'), 'clusterRoleSelectors');

const isPart = (selectors: readonly JsonObject[], { metadata }: KubeObject): boolean =>
  selectors.some((selector) => labelSelectorMatcher(selector)(metadata.labels ?? {}));
