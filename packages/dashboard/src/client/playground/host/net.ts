import { containsAddress, Failure, parseAddress, parsePrefix } from '@typekro/kit/golang';

/** The parts of Node's `net` that the engine uses: the families of addresses, and lists of ranges. */

/** 4 or 6, and 0 for a string that is not an address. */
export function isIP(text: string): 0 | 4 | 6 {
  const address = parseAddress(text);
  if (address instanceof Failure) return 0;
  return address.bytes.length === 4 ? 4 : 6;
}

export const isIPv4 = (text: string): boolean => isIP(text) === 4;
export const isIPv6 = (text: string): boolean => isIP(text) === 6;

/** Ranges of addresses. */
export class BlockList {
  readonly #ranges: string[] = [];

  addSubnet(address: string, bits: number): void {
    this.#ranges.push(`${address}/${bits}`);
  }

  /** Is the address in one of the ranges? */
  check(text: string): boolean {
    const address = parseAddress(text);
    return this.#ranges.some((range) => {
      const prefix = parsePrefix(range);
      return !(address instanceof Failure) && !(prefix instanceof Failure) && containsAddress(prefix, address);
    });
  }
}
