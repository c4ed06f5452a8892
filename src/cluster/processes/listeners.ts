/** The sockets of the machine that wait for connections, and the processes that they belong to. Linux only. */
import { readdirSync, readlinkSync } from 'node:fs';
import { procText } from './process-table.ts';

/** A socket that waits for connections. */
export interface ListeningSocket {
  /** A dotted IPv4 address, or `''` for all addresses. */
  readonly address: string;
  readonly port: number;
  /** The number that the links in `/proc/PID/fd` name. */
  readonly inode: string;
}

/** The state of a socket that waits for connections, in `/proc/net/tcp`. */
const LISTEN = '0A';

/**
 * The listening sockets in the text of `/proc/net/tcp` or `/proc/net/tcp6`. Leaves out a socket whose IPv6 address is
 * neither `::` nor a mapped IPv4 address.
 */
export function parseSockets(text: string): ListeningSocket[] {
  return text.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [hexAddress = '', hexPort = ''] = (fields[1] ?? '').split(':');
    const address = addressOf(hexAddress);
    if (fields[3] !== LISTEN || address === undefined) return [];
    return [{ address, port: Number.parseInt(hexPort, 16), inode: fields[9] ?? '' }];
  });
}

/** Reads an address. Its last four bytes are in the order of the machine: the lowest byte is first. */
function addressOf(hex: string): string | undefined {
  if (/^0+$/.test(hex)) return '';
  const isMapped = hex.length === 32 && /^0{16}FFFF0000/.test(hex);
  if (hex.length !== 8 && !isMapped) return undefined;
  const bytes = hex.slice(-8).match(/../g) ?? [];
  const address = bytes.toReversed().map((byte) => Number.parseInt(byte, 16));
  return address.every((byte) => byte === 0) ? '' : address.join('.');
}

/**
 * The first of the hosts at which a process of the pod listens on the port; `undefined` when none does. A socket at
 * exactly `address`, the pod's own address, counts without a check of its process.
 */
export function hostOf(
  sockets: readonly ListeningSocket[],
  hosts: readonly string[],
  { address, port }: { readonly address: string; readonly port: number },
  owns: (inode: string) => boolean,
): string | undefined {
  const atPort = sockets.filter((socket) => socket.port === port);
  return hosts.find((host) => {
    const exact = atPort.filter((socket) => socket.address === host);
    if (exact.length > 0) return host === address || exact.some(({ inode }) => owns(inode));
    return atPort.some((socket) => socket.address === '' && owns(socket.inode));
  });
}

/** The listening sockets of the machine; `undefined` on a system that does not list them. */
export function listeningSockets(): readonly ListeningSocket[] | undefined {
  if (process.platform !== 'linux') return undefined;
  const texts = ['/proc/net/tcp', '/proc/net/tcp6'].map(procText);
  // A machine without IPv6 has only the first file.
  return texts[0] === undefined ? undefined : texts.flatMap((text) => parseSockets(text ?? ''));
}

/** The inodes of all sockets of the processes with these ids. */
export function socketsOf(pids: readonly number[]): ReadonlySet<string> {
  const inodes = new Set<string>();
  for (const pid of pids) {
    for (const link of linksOf(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
      if (inode !== undefined) inodes.add(inode);
    }
  }
  return inodes;
}

/** The targets of the links in a folder. Leaves out processes and descriptors that no longer exist. */
function linksOf(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    try {
      return [readlinkSync(`${folder}/${name}`)];
    } catch {
      return [];
    }
  });
}
