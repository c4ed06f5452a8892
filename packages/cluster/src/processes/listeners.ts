/** Finds the listening sockets of the machine, and the processes to which they belong. Linux only. */
import { readdirSync, readlinkSync } from 'node:fs';
import { procText } from './process-table.ts';

/** A listening TCP socket. */
export interface ListeningSocket {
  /** A dotted IPv4 address, or `''` for all addresses. */
  readonly address: string;
  readonly port: number;
  /** The inode number of the socket. The targets of the links in `/proc/PID/fd` contain such numbers. */
  readonly inode: string;
}

/** The state of a listening socket in `/proc/net/tcp`. */
const LISTEN = '0A';

/**
 * Parses the listening sockets in the content of `/proc/net/tcp` or `/proc/net/tcp6`. Omits sockets whose IPv6 address
 * is neither `::` nor an IPv4-mapped address.
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

/** Parses an address. Its last four bytes are in the machine's byte order, little-endian. */
function addressOf(hex: string): string | undefined {
  if (/^0+$/.test(hex)) return '';
  const isMapped = hex.length === 32 && /^0{16}FFFF0000/.test(hex);
  if (hex.length !== 8 && !isMapped) return undefined;
  const bytes = hex.slice(-8).match(/../g) ?? [];
  const address = bytes.toReversed().map((byte) => Number.parseInt(byte, 16));
  return address.every((byte) => byte === 0) ? '' : address.join('.');
}

/**
 * The first host at which a process of the pod listens on the port; `undefined` when no process of the pod listens. For
 * a socket at exactly `address`, the pod's own address, the process is not checked.
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
  // On a machine without IPv6, only the first file exists.
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

/**
 * The targets of the links in a folder. Omits links that no longer exist, because a process or a descriptor is gone.
 */
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
