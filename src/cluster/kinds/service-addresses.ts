/** Allocates addresses and node ports of Services. */
export interface ServiceAddresses {
  /** Allocates a free address. Returns `undefined` when no address is free. */
  allocate(): string | undefined;
  /** Allocates the given address. Returns false when it is not free. */
  take(address: string): boolean;
  contains(address: string): boolean;
  /** The first address of the range. It is always allocated, for the `kubernetes` Service. */
  first(): string;
  release(address: string): void;
  allocatePort(): number | undefined;
  takePort(port: number): boolean;
  releasePort(port: number): void;
  /** Releases all ports, and all addresses except the first one. */
  reset(): void;
  /** The range in CIDR notation. */
  readonly cidr: string;
}

const FIRST_PORT = 30_000;
const LAST_PORT = 32_767;
const FIRST_DYNAMIC_PORT = FIRST_PORT + 86;

const toNumber = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const toAddress = (value: number) => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

/** Allocates addresses from an IPv4 range, and ports from 30000-32767. */
export function createServiceAddresses(cidr: string): ServiceAddresses {
  const [base = '0.0.0.0', bits = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  const start = Math.floor(toNumber(base) / size) * size;
  const taken = new Set<number>([start + 1]);
  const ports = new Set<number>();
  // Allocated addresses come from the upper part of the range, so that they seldom collide with addresses that users
  // choose.
  const band = Math.min(Math.max(16, Math.floor(size / 16)), 256);
  const firstFree = start + Math.min(band, Math.max(1, size - 2));
  let next = firstFree;
  let nextPort = FIRST_DYNAMIC_PORT;
  const inRange = (value: number) => value > start && value < start + size - 1;
  return {
    cidr,
    first: () => toAddress(start + 1),
    contains: (address) => inRange(toNumber(address)),
    take(address) {
      const value = toNumber(address);
      if (taken.has(value)) return false;
      taken.add(value);
      return true;
    },
    reset() {
      taken.clear();
      taken.add(start + 1);
      ports.clear();
      next = firstFree;
      nextPort = FIRST_DYNAMIC_PORT;
    },
    release: (address) => void taken.delete(toNumber(address)),
    allocate() {
      for (let count = 0; count < size; count++) {
        const candidate = next;
        next = next + 1 >= start + size - 1 ? start + 1 : next + 1;
        if (!inRange(candidate) || taken.has(candidate)) continue;
        taken.add(candidate);
        return toAddress(candidate);
      }
      return undefined;
    },
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
