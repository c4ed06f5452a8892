import type { JsonObject } from '@typekro/kit/core';
import type { ParsedQuantity } from '@typekro/kit/kubernetes';
import { addQuantities, compareQuantities, objectAt, objectsAt, optionalAt, quantityOf } from '@typekro/kit/kubernetes';
import { isPodLevelResource } from './resource-names.ts';

/** Maps the name of a resource to its amount. */
export type Amounts = Map<string, ParsedQuantity>;

/**
 * The requests or the limits of a whole pod. Containers and sidecars run at the same time; init containers run one
 * after another, before the containers. The result has, for each resource, the greater amount of these two phases.
 * Pod-level resources replace the containers' resources. The overhead of the RuntimeClass is added to the requests, and
 * to each limit that the pod has.
 */
export function podTotals(spec: JsonObject, part: 'requests' | 'limits'): Amounts {
  const total = containerTotals(spec, part);
  const ofPod = optionalAt(spec, 'resources');
  if (ofPod !== undefined) {
    for (const [name, amount] of amountsOf(spec, part)) if (isPodLevelResource(name)) total.set(name, amount);
  }
  for (const [name, amount] of parsedAmounts(objectAt(spec, 'overhead'))) {
    const before = total.get(name);
    if (part === 'requests' || (before !== undefined && before.unscaled !== 0n)) {
      total.set(name, before === undefined ? amount : addQuantities(before, amount));
    }
  }
  return total;
}

/**
 * The requests or the limits of a pod's containers, computed as described for `podTotals`, without overhead and
 * pod-level resources.
 */
export function containerTotals(spec: JsonObject, part: 'requests' | 'limits'): Amounts {
  const total: Amounts = new Map();
  for (const container of objectsAt(spec, 'containers')) addAmounts(total, amountsOf(container, part));
  const sidecars: Amounts = new Map();
  const peak: Amounts = new Map();
  for (const container of objectsAt(spec, 'initContainers')) {
    const own = amountsOf(container, part);
    if (container['restartPolicy'] === 'Always') {
      addAmounts(total, own);
      addAmounts(sidecars, own);
      raise(peak, sidecars);
    } else {
      addAmounts(own, sidecars);
      raise(peak, own);
    }
  }
  raise(total, peak);
  return total;
}

/** Does the pod set pod-level resources? */
export function hasPodLevelResources(spec: JsonObject): boolean {
  const resources = objectAt(spec, 'resources');
  const names = [...Object.keys(objectAt(resources, 'requests')), ...Object.keys(objectAt(resources, 'limits'))];
  return names.some(isPodLevelResource);
}

/** The amounts in `resources.requests` or `resources.limits` of a container, a claim or a pod. */
export const amountsOf = (owner: JsonObject, part: 'requests' | 'limits'): Amounts =>
  parsedAmounts(objectAt(objectAt(owner, 'resources'), part));

/** Parses the quantities of a resource list. */
export function parsedAmounts(values: JsonObject): Amounts {
  const amounts: Amounts = new Map();
  for (const [name, value] of Object.entries(values)) {
    const amount = quantityOf(value);
    if (amount !== undefined) amounts.set(name, amount);
  }
  return amounts;
}

/** Adds each amount of `more` to the amount of the same resource in `total`. */
export function addAmounts(total: Amounts, more: ReadonlyMap<string, ParsedQuantity>): void {
  for (const [name, amount] of more) {
    const before = total.get(name);
    total.set(name, before === undefined ? amount : addQuantities(before, amount));
  }
}

function raise(total: Amounts, other: ReadonlyMap<string, ParsedQuantity>): void {
  for (const [name, amount] of other) {
    const before = total.get(name);
    if (before === undefined || compareQuantities(before, amount) < 0) total.set(name, amount);
  }
}
