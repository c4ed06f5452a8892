/** Allocates addresses and node ports of Services. */
export interface ServiceAddresses {
  /** Allocates a free address. Returns `undefined` when no address is free. */
  allocate(): string | undefined;
  /**
   * Allocates the given address. Returns false when the address is already allocated. The address may be outside the
   * ranges.
   */
  take(address: string): boolean;
  contains(address: string): boolean;
  /**
   * The first address of the first range, which is allocated for the Service `kubernetes`, and free only while that
   * Service does not exist.
   */
  first(): string;
  release(address: string): void;
  allocatePort(): number | undefined;
  takePort(port: number): boolean;
  releasePort(port: number): void;
  /**
   * Releases all ports, removes all ranges except the first range, and releases all addresses except the first address.
   */
  reset(): void;
  /**
   * Sets the IPv4 ranges of the ServiceCIDRs as the additional ranges after the first range. The list may repeat a
   * range, and may contain the first range. Kept ranges precede new ranges. Addresses of a range are allocated only
   * when the earlier ranges are full. Allocated addresses remain allocated.
   */
  setRanges(cidrs: Iterable<string>): void;
  /** The first range in CIDR notation. */
  readonly cidr: string;
}

const FIRST_PORT = 30_000;
const LAST_PORT = 32_767;
const FIRST_DYNAMIC_PORT = FIRST_PORT + 86;

const toNumber = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const toAddress = (value: number) => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

/** A range of addresses. `next` is the address that the next allocation tries first. */
interface Range {
  readonly cidr: string;
  readonly start: number;
  readonly size: number;
  readonly firstFree: number;
  next: number;
}

function rangeOf(cidr: string): Range {
  const [base = '0.0.0.0', bits = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  const start = Math.floor(toNumber(base) / size) * size;
  // Automatic allocation starts in the upper part of the range, so that it rarely takes an address that a user wants to
  // choose.
  const band = Math.min(Math.max(16, Math.floor(size / 16)), 256);
  const firstFree = start + Math.min(band, Math.max(1, size - 2));
  return { cidr, start, size, firstFree, next: firstFree };
}

const isIn = ({ start, size }: Range, value: number): boolean => value > start && value < start + size - 1;

/** Takes the next free address of a range. */
function allocateIn(range: Range, taken: Set<number>): string | undefined {
  for (let count = 0; count < range.size; count++) {
    const candidate = range.next;
    range.next = range.next + 1 >= range.start + range.size - 1 ? range.start + 1 : range.next + 1;
    if (!isIn(range, candidate) || taken.has(candidate)) continue;
    taken.add(candidate);
    return toAddress(candidate);
  }
  return undefined;
}

/** Allocates addresses from IPv4 ranges, and ports from 30000-32767. */
export function createServiceAddresses(cidr: string): ServiceAddresses {
  const main = rangeOf(cidr);
  const ranges = [main];
  const taken = new Set<number>([main.start + 1]);
  const ports = new Set<number>();
  let nextPort = FIRST_DYNAMIC_PORT;
  return {
    cidr,
    first: () => toAddress(main.start + 1),
    contains: (address) => ranges.some((range) => isIn(range, toNumber(address))),
    setRanges(cidrs) {
      const given = new Set(cidrs);
      const kept = ranges.filter((range) => range === main || given.has(range.cidr));
      for (const { cidr: known } of kept) given.delete(known);
      ranges.splice(0, ranges.length, ...kept, ...[...given].map(rangeOf));
    },
    take(address) {
      const value = toNumber(address);
      if (taken.has(value)) return false;
      taken.add(value);
      return true;
    },
    reset() {
      taken.clear();
      taken.add(main.start + 1);
      ranges.splice(1);
      main.next = main.firstFree;
      ports.clear();
      nextPort = FIRST_DYNAMIC_PORT;
    },
    release: (address) => void taken.delete(toNumber(address)),
    allocate: () => firstDefined(ranges, (range) => allocateIn(range, taken)),
    takePort(port) {
      if (ports.has(port)) return false;
      ports.add(port);
      return true;
    },
    releasePort: (port) => void ports.delete(port),
    allocatePort() {
      for (let count = 0; count <= LAST_PORT - FIRST_PORT; count++) {
        const candidate = nextPort;
        nextPort = nextPort >= LAST_PORT ? FIRST_PORT : nextPort + 1;
        if (ports.has(candidate)) continue;
        ports.add(candidate);
        return candidate;
      }
      return undefined;
    },
  };
}
import { firstDefined } from '@typekro/kit/core';
