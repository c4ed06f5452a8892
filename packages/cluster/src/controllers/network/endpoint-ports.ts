import { type JsonObject, type JsonValue, type KubeObject, oncePerObject } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';

/** Pods that serve a Service at the same port numbers. */
export interface PortGroup {
  /** The ports, with `name` (can be empty), `port`, `protocol` and an optional `appProtocol`. */
  readonly ports: readonly JsonObject[];
  readonly pods: readonly KubeObject[];
}

/**
 * Groups pods by the port numbers at which they serve the Service. A named target port can have a different number in
 * each pod. A pod without a container port of that name does not serve the port. The ports of the Service are read once
 * per group, because both the Service and each pod can have thousands.
 */
export function groupByPorts(service: KubeObject, pods: readonly KubeObject[]): PortGroup[] {
  const servicePorts = objectsAt(service.spec, 'ports');
  const wanted = new Set(servicePorts.flatMap((port) => nameOfTarget(port) ?? []));
  const groups = new Map<string, { ports: JsonObject[]; pods: KubeObject[] }>();
  for (const pod of pods) {
    const numbers = namedPorts(pod);
    const used = [...numbers].filter(([name]) => wanted.has(name));
    const key = used
      .map(([name, number]) => `${name}=${number}`)
      .toSorted()
      .join();
    const group = groups.get(key);
    if (group !== undefined) group.pods.push(pod);
    else groups.set(key, { ports: servicePorts.flatMap((port) => endpointPort(port, numbers)), pods: [pod] });
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

const targetOf = (port: JsonObject): JsonValue | undefined => {
  const target = port['targetPort'];
  return target === undefined || target === 0 || target === '' ? port['port'] : target;
};

const protocolOf = (port: JsonObject): string => textAt(port, 'protocol') || 'TCP';

/** Returns the key in `namedPorts` of the target of a Service's port; `undefined` for a number. */
function nameOfTarget(port: JsonObject): string | undefined {
  const target = targetOf(port);
  return typeof target === 'number' ? undefined : `${protocolOf(port)} ${String(target)}`;
}

function endpointPort(port: JsonObject, numbers: ReadonlyMap<string, number>): JsonObject[] {
  const name = nameOfTarget(port);
  const number = name === undefined ? targetOf(port) : numbers.get(name);
  if (number === undefined) return [];
  const { appProtocol } = port;
  return [
    {
      name: port['name'] ?? '',
      port: number,
      protocol: protocolOf(port),
      ...(appProtocol === undefined ? {} : { appProtocol }),
    },
  ];
}

/** The numbers of a pod's named ports, by protocol and name. The first port with a name counts. */
const namedPorts = oncePerObject((pod: KubeObject): ReadonlyMap<string, number> => {
  const numbers = new Map<string, number>();
  const sidecars = objectsAt(pod.spec, 'initContainers').filter((entry) => entry['restartPolicy'] === 'Always');
  for (const container of [...sidecars, ...objectsAt(pod.spec, 'containers')]) {
    for (const port of objectsAt(container, 'ports')) {
      const key = `${protocolOf(port)} ${textAt(port, 'name')}`;
      const number = port['containerPort'];
      if (typeof number === 'number' && !numbers.has(key)) numbers.set(key, number);
    }
  }
  return numbers;
});

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
