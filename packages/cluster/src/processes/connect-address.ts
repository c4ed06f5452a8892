import type { Socket } from 'node:net';
import { type JsonObject, type KubeObject, netLibrary } from '@typekro/kit/core';
import { numberAt, objectsAt } from '@typekro/kit/kubernetes';
import { containersOf } from '../kinds/pods/pod-resources.ts';
import { hostOf, listeningSockets, socketsOf } from './listeners.ts';

/** The address of all pods on systems with a single loopback address. */
export const LOCALHOST = '127.0.0.1';

/**
 * A loopback address for a pod. On Linux, each pod has its own address, so that the ports of pods do not collide. Other
 * systems have only the address 127.0.0.1.
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
const declaresPort = (pod: KubeObject, port: number): boolean =>
  containersOf(pod.spec)
    .flatMap((container) => objectsAt(container, 'ports'))
    .some((entry: JsonObject) => numberAt(entry, 'containerPort') === port);

/** A port of a pod whose containers run as local processes. */
export interface PodPort {
  readonly pod: KubeObject;
  /** The address of the pod. */
  readonly address: string;
  readonly port: number;
  /** The only host to try. Default: the pod's address, and then 127.0.0.1. */
  readonly host?: string;
  /**
   * Does a probe or a Service declare the port? False for a port that only a container declares: `connectToPod` checks
   * the containers itself.
   */
  readonly isDeclared: boolean;
  /** The ids of the pod's processes. */
  readonly processes: () => readonly number[];
  /** The port at which the cluster's own API server listens; `undefined` when the server does not listen. */
  readonly clusterPort: number | undefined;
}

/**
 * Connects to a port of a pod at the pod's own address, or at 127.0.0.1. Programs that do not know the pod's address
 * listen at 127.0.0.1, but unrelated programs may also listen at 127.0.0.1 or at all addresses. On Linux, the listening
 * process must therefore belong to the pod. Other systems do not report the process that listens, so only declared
 * ports can be reached at 127.0.0.1. Resolves with a connected socket. Rejects when no connection is possible.
 */
export async function connectToPod(target: PodPort): Promise<Socket> {
  const { address, port, host, processes } = target;
  const hosts = host === undefined ? [address, LOCALHOST] : [host];
  const sockets = listeningSockets();
  if (sockets === undefined) return connectUnchecked(target, hosts);
  let own: ReadonlySet<string> | undefined;
  const found = hostOf(sockets, hosts, target, (inode) => (own ??= socketsOf(processes())).has(inode));
  if (found !== undefined) return connected(found, port);
  throw new Error(`connect ECONNREFUSED ${host ?? address}:${port}: no process of the pod listens there`);
}

async function connectUnchecked(target: PodPort, hosts: readonly string[]): Promise<Socket> {
  const { pod, port, isDeclared, clusterPort } = target;
  const isAllowed = port !== clusterPort && (isDeclared || declaresPort(pod, port));
  let failure: unknown = new Error(`no container and no Service declares the port ${port}`);
  for (const host of new Set(hosts)) {
    if (host === LOCALHOST && !isAllowed) continue;
    try {
      return await connected(host, port);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
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
