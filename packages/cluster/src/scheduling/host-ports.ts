import type { KubeObject } from '@typekro/kit/core';
import { numberAt, objectsAt, textAt } from '@typekro/kit/kubernetes';

/** A host port that a container uses. */
export interface HostPort {
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
}

/** The host IP that means all addresses of a node. */
const ANY_ADDRESS = '0.0.0.0';

/** The host ports that the containers and sidecars of a pod use. */
export function hostPortsOf({ spec }: KubeObject): readonly HostPort[] {
  const sidecars = objectsAt(spec, 'initContainers').filter(({ restartPolicy }) => restartPolicy === 'Always');
  const ports: HostPort[] = [];
  for (const container of [...sidecars, ...objectsAt(spec, 'containers')]) {
    for (const entry of objectsAt(container, 'ports')) {
      const port = numberAt(entry, 'hostPort') ?? 0;
      if (port <= 0) continue;
      const address = textAt(entry, 'hostIP') || ANY_ADDRESS;
      ports.push({ protocol: textAt(entry, 'protocol') || 'TCP', address, port });
    }
  }
  return ports;
}

/** The used host ports of a node. Two pods may use the same port with different protocols or at different addresses. */
export class HostPortTable {
  /** Maps protocol and port to the number of uses of each address. */
  readonly #uses = new Map<string, Map<string, number>>();

  add(ports: readonly HostPort[]): void {
    for (const port of ports) {
      let addresses = this.#uses.get(keyOf(port));
      if (addresses === undefined) this.#uses.set(keyOf(port), (addresses = new Map()));
      addresses.set(port.address, (addresses.get(port.address) ?? 0) + 1);
    }
  }

  remove(ports: readonly HostPort[]): void {
    for (const port of ports) {
      const addresses = this.#uses.get(keyOf(port));
      const count = addresses?.get(port.address) ?? 0;
      if (count > 1) addresses?.set(port.address, count - 1);
      else addresses?.delete(port.address);
      if (addresses?.size === 0) this.#uses.delete(keyOf(port));
    }
  }

  /** Is one of the ports in use? The address `0.0.0.0` conflicts with every address. */
  conflictsWith(ports: readonly HostPort[]): boolean {
    return ports.some((port) => {
      const addresses = this.#uses.get(keyOf(port));
      if (addresses === undefined) return false;
      return port.address === ANY_ADDRESS || addresses.has(ANY_ADDRESS) || addresses.has(port.address);
    });
  }

  copy(): HostPortTable {
    const copy = new HostPortTable();
    for (const [key, addresses] of this.#uses) copy.#uses.set(key, new Map(addresses));
    return copy;
  }
}

const keyOf = ({ protocol, port }: HostPort): string => `${protocol}/${port}`;
