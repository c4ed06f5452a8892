import type { Proof } from '../config/authenticator.ts';
import type { Connections } from './sockets.ts';

/** The credentials on which a connection depends. */
export type TlsIdentity = Pick<Proof, 'certificate' | 'authority'>;

interface Opened {
  readonly cert: string | undefined;
  readonly authority: string | undefined;
  readonly connections: Promise<Connections>;
}

/** The connections to one server, for a client whose certificate or trusted authority can be renewed. */
export class RenewedConnections {
  readonly #open: (identity: TlsIdentity) => Promise<Connections>;
  #current: Opened | undefined;
  #before: Opened | undefined;
  #isClosed = false;

  constructor(open: (identity: TlsIdentity) => Promise<Connections>) {
    this.#open = open;
  }

  /**
   * The connections with this certificate and authority. The previous connections stay open for their running requests
   * until the next renewal. After a failure, the previous connections become the current ones, and the next call opens
   * connections again.
   */
  async with(identity: TlsIdentity): Promise<Connections> {
    if (this.#isClosed) throw new Error('the connections were closed');
    const { certificate, authority } = identity;
    const current = this.#current;
    if (current !== undefined && current.cert === certificate?.cert && current.authority === authority)
      return current.connections;
    const old = this.#before;
    this.#before = current;
    const opened = { cert: certificate?.cert, authority, connections: this.#open(identity) };
    this.#current = opened;
    opened.connections.catch(() => this.#forget(opened));
    if (old !== undefined) await closeAll([old]);
    return opened.connections;
  }

  /** Drops connections that could not be opened. The callers of `with` get the error. */
  #forget(failed: Opened): void {
    if (this.#current === failed) {
      this.#current = this.#before;
      this.#before = undefined;
    } else if (this.#before === failed) this.#before = undefined;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await closeAll([this.#before, this.#current].filter((opened) => opened !== undefined));
  }
}

/** Closes connections. Ignores connections that could not be opened. */
async function closeAll(all: readonly Opened[]): Promise<void> {
  for (const outcome of await Promise.allSettled(all.map(({ connections }) => connections))) {
    if (outcome.status === 'fulfilled') await outcome.value.close();
  }
}
