import type { Socket } from 'node:net';
import type { JsonObject, KubeObject } from '../../core/index.ts';
import { netLibrary } from '../../core/index.ts';
import { numberAt, objectsAt } from '../../kubernetes/index.ts';

/** The address of all processes on systems with one loopback address. */
export const LOCALHOST = '127.0.0.1';

/**
 * A loopback address for a pod. On Linux, each pod has its own, so that the ports of pods do not collide. Other systems
 * answer on 127.0.0.1 only.
 */
export function podAddress(uid: string, taken: ReadonlySet<string>, platform: string): string {
  if (platform !== 'linux') return LOCALHOST;
  const seed = Number.parseInt(uid.replaceAll('-', '').slice(0, 6), 16) || 0;
  for (let offset = 0; ; offset += 1) {
    const bits = (seed + offset) & 0x3f_ffff;
    // 127.64.0.0 to 127.127.255.255: no program listens there by default.
    const address = `127.${64 + (bits >> 16)}.${(bits >> 8) & 0xff}.${bits & 0xff}`;
    if (!taken.has(address)) return address;
  }
}

/** Does a container of the pod declare the port? */
export const declaresPort = (pod: KubeObject, port: number): boolean =>
  [...objectsAt(pod.spec, 'containers'), ...objectsAt(pod.spec, 'initContainers')]
    .flatMap((container) => objectsAt(container, 'ports'))
    .some((entry: JsonObject) => numberAt(entry, 'containerPort') === port);

/**
 * Connects to a port of a pod: at its own address, and for a declared port also at 127.0.0.1, where programs listen
 * that do not know the address. The socket is connected, or the promise rejects with the error of the last attempt.
 */
export async function connectToPod(pod: KubeObject, address: string, port: number): Promise<Socket> {
  try {
    return await connected(address, port);
  } catch (error) {
    if (address === LOCALHOST || !declaresPort(pod, port)) throw error;
    return connected(LOCALHOST, port);
  }
}

const connected = (host: string, port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = netLibrary().connect({ host, port });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
