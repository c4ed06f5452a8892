import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';

/** Pods that serve a Service at the same port numbers. */
export interface PortGroup {
  /** The ports, with `name` (can be empty), `port`, `protocol` and an optional `appProtocol`. */
  readonly ports: readonly JsonObject[];
  readonly pods: readonly KubeObject[];
}

/**
 * Groups pods by the port numbers at which they serve the Service. A named target port can have a different number in
 * each pod. A pod without a container port of that name does not serve the port.
 */
export function groupByPorts(service: KubeObject, pods: readonly KubeObject[]): PortGroup[] {
  const servicePorts = objectsAt(service.spec, 'ports');
  const isFixed = servicePorts.every((port) => typeof targetOf(port) === 'number');
  if (isFixed) return pods.length === 0 ? [] : [{ ports: servicePorts.flatMap((port) => endpointPort(port)), pods }];
  const groups = new Map<string, { ports: JsonObject[]; pods: KubeObject[] }>();
  for (const pod of pods) {
    const ports = servicePorts.flatMap((port) => endpointPort(port, pod));
    const key = portsKey(ports);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ports, pods: [pod] });
    else group.pods.push(pod);
  }
  return [...groups.values()];
}

/** Returns a key that is equal for lists with the same ports. */
export function portsKey(ports: readonly JsonObject[]): string {
  const texts = ports.map((port) =>
    JSON.stringify([port['name'] ?? '', port['port'], port['protocol'] ?? 'TCP', port['appProtocol'] ?? null]),
  );
  return texts.toSorted().join();
}

const targetOf = (port: JsonObject): unknown => {
  const target = port['targetPort'];
  return target === undefined || target === 0 || target === '' ? port['port'] : target;
};

function endpointPort(port: JsonObject, pod?: KubeObject): JsonObject[] {
  const target = targetOf(port);
  const protocol = textAt(port, 'protocol') || 'TCP';
  const number = typeof target === 'number' ? target : namedPort(String(target), protocol, pod);
  if (number === undefined) return [];
  const { appProtocol } = port;
  return [{ name: port['name'] ?? '', port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
}

function namedPort(name: string, protocol: string, pod: KubeObject | undefined): number | undefined {
  const sidecars = objectsAt(pod?.spec, 'initContainers').filter((entry) => entry['restartPolicy'] === 'Always');
  for (const container of [...sidecars, ...objectsAt(pod?.spec, 'containers')]) {
    for (const port of objectsAt(container, 'ports')) {
      const number = port['containerPort'];
      if (port['name'] !== name || (textAt(port, 'protocol') || 'TCP') !== protocol) continue;
      if (typeof number === 'number') return number;
    }
  }
  return undefined;
}

/**
 * Returns the ports and pods of the subsets of an Endpoints object. A subset contains the ports that the same pods
 * serve, so a pod that shares only some of its ports with other pods is in several subsets.
 */
export function portSubsets(groups: readonly PortGroup[]): PortGroup[] {
  const [first, ...others] = groups;
  if (first === undefined || others.length === 0) return [...groups];
  const offers = new Map<string, { port: JsonObject; groups: number[] }>();
  for (const [index, group] of groups.entries()) {
    for (const port of group.ports) {
      const key = portsKey([port]);
      const offer = offers.get(key);
      if (offer === undefined) offers.set(key, { port, groups: [index] });
      else offer.groups.push(index);
    }
  }
  const subsets = new Map<string, { ports: JsonObject[]; pods: readonly KubeObject[] }>();
  for (const { port, groups: indexes } of offers.values()) {
    const subset = subsets.get(indexes.join());
    if (subset === undefined) {
      subsets.set(indexes.join(), { ports: [port], pods: indexes.flatMap((index) => groups[index]?.pods ?? []) });
    } else subset.ports.push(port);
  }
  return [...subsets.values()];
}
