import { type JsonObject, type KubeObject, oncePerObject } from '@typekro/kit/core';
import { type ParsedQuantity, optionalAt, quantityOf } from '@typekro/kit/kubernetes';
import { podTotals } from '../kinds/pods/pod-totals.ts';
import { NODE_CAPACITY } from '../pods/node-capacity.ts';

/**
 * Maps the name of a resource to its amount: CPU in thousandths, all others in whole units. Fractions are rounded up.
 * The amounts are exact bigints, because a pod may request `1e30`, and a sum must have its old value again after this
 * pod is gone. Kubernetes counts in int64 and reads many larger amounts as 0; here, a pod with such an amount fits no
 * node.
 */
export type Resources = ReadonlyMap<string, bigint>;

/** A resource of which a node does not have enough for a pod. The amounts have the units of `Resources`. */
export interface Shortage {
  readonly resource: string;
  readonly requested: bigint;
  readonly used: bigint;
  readonly capacity: bigint;
}

/** The resource name of the pod count, which nodes have but pods do not request. */
export const POD_COUNT = 'pods';

/** The resources that the scheduler checks first, in this order. All other resources are checked after them. */
const FIRST_RESOURCES = ['cpu', 'memory', 'ephemeral-storage'];

/** A stored spec object never changes. */
const requestsOfSpec = oncePerObject((spec: JsonObject): Resources => inUnits(podTotals(spec, 'requests')));

/** The requests of a pod: of its containers, init containers and sidecars, plus its overhead. */
export const requestsOf = ({ spec }: KubeObject): Resources => (spec === undefined ? new Map() : requestsOfSpec(spec));

const amountsOf = oncePerObject(readAmounts);
const DEFAULT_ALLOCATABLE = readAmounts(NODE_CAPACITY);

/**
 * The resources of a node that are available for pods. A node without `status.allocatable` counts as a node with
 * `NODE_CAPACITY`.
 */
export function allocatableOf(node: KubeObject): Resources {
  const allocatable = optionalAt(node.status, 'allocatable');
  return allocatable === undefined ? DEFAULT_ALLOCATABLE : amountsOf(allocatable);
}

/**
 * The resources that are insufficient on a node for a pod, in the order of kube-scheduler. The result contains `pods`
 * if the node cannot run one more pod. A request of zero is always satisfied, even when the used resources exceed the
 * capacity.
 */
export function shortagesOf(requests: Resources, allocatable: Resources, used: Resources, pods: number): Shortage[] {
  const shortages: Shortage[] = [];
  const maxPods = allocatable.get(POD_COUNT) ?? 0n;
  const present = BigInt(pods);
  if (present + 1n > maxPods) shortages.push({ resource: POD_COUNT, requested: 1n, used: present, capacity: maxPods });
  for (const [resource, requested] of requests) {
    if (requested <= 0n) continue;
    const shortage = { resource, requested, used: used.get(resource) ?? 0n, capacity: allocatable.get(resource) ?? 0n };
    if (requested > shortage.capacity - shortage.used) shortages.push(shortage);
  }
  return shortages.length < 2 ? shortages : shortages.toSorted((a, b) => rankOf(a) - rankOf(b));
}

function rankOf({ resource }: Shortage): number {
  if (resource === POD_COUNT) return -1;
  const rank = FIRST_RESOURCES.indexOf(resource);
  return rank < 0 ? FIRST_RESOURCES.length : rank;
}

function readAmounts(values: JsonObject): Resources {
  const quantities = new Map<string, ParsedQuantity>();
  for (const [name, value] of Object.entries(values)) {
    const quantity = quantityOf(value);
    if (quantity !== undefined) quantities.set(name, quantity);
  }
  return inUnits(quantities);
}

function inUnits(quantities: ReadonlyMap<string, ParsedQuantity>): Resources {
  return new Map([...quantities].map(([name, quantity]) => [name, roundUp(quantity, name === 'cpu' ? 3 : 0)]));
}

/** The quantity times `10 ** power`, rounded up. */
function roundUp({ unscaled, scale }: ParsedQuantity, power: number): bigint {
  const exponent = scale + power;
  if (exponent >= 0) return unscaled * 10n ** BigInt(exponent);
  const divisor = 10n ** BigInt(-exponent);
  const quotient = unscaled / divisor;
  return unscaled > 0n && unscaled % divisor !== 0n ? quotient + 1n : quotient;
}
