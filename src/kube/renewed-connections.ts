import type { ClientCertificate } from './authenticator.ts';
import type { Connections } from './sockets.ts';

interface Opened {
  readonly cert: string | undefined;
  readonly connections: Promise<Connections>;
}

/** The connections to one server whose client certificate is renewed from time to time. */
export class RenewedConnections {
  readonly #open: (certificate: ClientCertificate | undefined) => Promise<Connections>;
  #current: Opened | undefined;
  #before: Opened | undefined;
  #isClosed = false;

  constructor(open: (certificate: ClientCertificate | undefined) => Promise<Connections>) {
    this.#open = open;
  }

  /**
   * The connections with this certificate. The connections with the previous certificate stay open for their running
   * requests until the next renewal.
   */
  async with(certificate: ClientCertificate | undefined): Promise<Connections> {
    if (this.#isClosed) throw new Error('the connections were closed');
    if (this.#current === undefined || this.#current.cert !== certificate?.cert) {
      const old = this.#before;
      this.#before = this.#current;
      this.#current = { cert: certificate?.cert, connections: this.#open(certificate) };
      if (old !== undefined) await closeAll([old]);
    }
    return this.#current.connections;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await closeAll([this.#before, this.#current].filter((opened) => opened !== undefined));
  }
}

/** Closes connections. Connections that could not be opened need no close. */
async function closeAll(all: readonly Opened[]): Promise<void> {
  for (const outcome of await Promise.allSettled(all.map(({ connections }) => connections))) {
    if (outcome.status === 'fulfilled') await outcome.value.close();
  }
}
