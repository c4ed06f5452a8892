import { type JsonObject, jsonEquals } from '@typekro/kit/core';
import { type ParsedQuantity, addQuantities, formatQuantity, objectAt } from '@typekro/kit/kubernetes';
import { inScopes } from '../kinds/quota/quota-scopes.ts';
import { limitsFor, usageOf } from '../kinds/quota/quota-usage.ts';
import { type SimulatedController, concerns, keyOfObject, splitKey, targetIn } from './simulated-controller.ts';

const QUOTAS = { group: '', plural: 'resourcequotas' } as const;

/**
 * Maintains the status of ResourceQuotas. Admission adds new objects to the status, and this controller recounts all
 * objects after each change.
 */
export const quotaController: SimulatedController = {
  name: 'resourcequota-controller',
  target: targetIn(QUOTAS),

  *keysOf(event, client) {
    if (concerns(event, '', 'resourcequotas')) {
      if (event.type !== 'DELETED') yield event.stored.key;
      // A quota can count ResourceQuotas themselves, but a modification does not change their number.
      if (event.type === 'MODIFIED') return;
    }
    const { namespace } = event.stored.object.metadata;
    if (namespace === undefined || client.isEmpty(QUOTAS)) return;
    for (const quota of client.list(QUOTAS, namespace)) {
      if (limitsFor(objectAt(quota.spec, 'hard'), event.collection).length > 0) yield keyOfObject(quota);
    }
  },

  reconcile(key, client) {
    const { namespace, name } = splitKey(key);
    const quota = client.get(QUOTAS, namespace, name);
    if (quota === undefined || quota.metadata.deletionTimestamp !== undefined) return;
    const hard = objectAt(quota.spec, 'hard');
    const total = new Map<string, ParsedQuantity>();
    for (const resource of client.populated()) {
      if (limitsFor(hard, resource).length === 0) continue;
      for (const object of client.list(resource, namespace)) {
        if (!inScopes(quota, resource, object)) continue;
        for (const [what, amount] of usageOf(resource, object, client.now())) {
          if (!Object.hasOwn(hard, what)) continue;
          const before = total.get(what);
          total.set(what, before === undefined ? amount : addQuantities(before, amount));
        }
      }
    }
    const used: JsonObject = {};
    for (const what of Object.keys(hard)) used[what] = '0';
    for (const [what, amount] of total) used[what] = formatQuantity(amount);
    const status = { hard, used };
    // Admission has counted a new object already. The write of a large status without a change would take long.
    if (!jsonEquals(quota.status, status)) client.updateStatus(quota, status);
  },
};
