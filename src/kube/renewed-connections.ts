import type { ClientCertificate } from './authenticator.ts';
import type { Connections } from './sockets.ts';

interface Opened {
  readonly cert: string | undefined;
  readonly connections: Promise<Connections>;
}

/** Connections to one server that are known to it by the client certificate that is good now. */
export class RenewedConnections {
  readonly #open: (certificate: ClientCertificate | undefined) => Promise<Connections>;
  #current: Opened | undefined;
  #before: Opened | undefined;
  #isClosed = false;

  constructor(open: (certificate: ClientCertificate | undefined) => Promise<Connections>) {
    this.#open = open;
  }

  /**
   * The connections with this certificate. What is under way on those with the one before comes to its end: they are
   * closed when the next one comes.
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

/** What could not be opened need not be closed. */
async function closeAll(all: readonly Opened[]): Promise<void> {
  for (const outcome of await Promise.allSettled(all.map(({ connections }) => connections))) {
    if (outcome.status === 'fulfilled') await outcome.value.close();
  }
}
