import type { ServiceAddresses } from '../kinds/network/service-addresses.ts';

/**
 * The addresses and ports that one write of a Service allocates. A write may run several times, for example after a
 * wait for a webhook. A later run gets the addresses of the first run, so that it stores the same Service that the
 * webhooks have seen. When a run stores nothing, the hooks of the Service kind release its addresses.
 */
export class AddressLedger implements ServiceAddresses {
  readonly #base: ServiceAddresses;
  readonly #addresses: (string | undefined)[] = [];
  readonly #ports: (number | undefined)[] = [];
  #usedAddresses = 0;
  #usedPorts = 0;

  constructor(base: ServiceAddresses) {
    this.#base = base;
  }

  /** Begins a run. */
  begin(): void {
    this.#usedAddresses = 0;
    this.#usedPorts = 0;
  }

  allocate(): string | undefined {
    const index = this.#usedAddresses++;
    const earlier = this.#addresses[index];
    if (earlier !== undefined && this.take(earlier)) return earlier;
    return (this.#addresses[index] = this.#base.allocate());
  }

  take(address: string): boolean {
    return this.#base.take(address);
  }

  release(address: string): void {
    this.#base.release(address);
  }

  allocatePort(): number | undefined {
    const index = this.#usedPorts++;
    const earlier = this.#ports[index];
    if (earlier !== undefined && this.takePort(earlier)) return earlier;
    return (this.#ports[index] = this.#base.allocatePort());
  }

  takePort(port: number): boolean {
    return this.#base.takePort(port);
  }

  releasePort(port: number): void {
    this.#base.releasePort(port);
  }

  contains(address: string): boolean {
    return this.#base.contains(address);
  }

  first(): string {
    return this.#base.first();
  }

  reset(): void {
    this.#base.reset();
  }

  setRanges(cidrs: Iterable<string>): void {
    this.#base.setRanges(cidrs);
  }

  get cidr(): string {
    return this.#base.cidr;
  }
}
