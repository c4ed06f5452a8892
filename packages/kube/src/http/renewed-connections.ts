import type { Proof } from '../config/authenticator.ts';
import type { Connections } from './sockets.ts';

/** The credentials on which a connection depends. */
export type TlsIdentity = Pick<Proof, 'certificate' | 'authority'>;

interface Opened {
  readonly cert: string | undefined;
  readonly authority: string | undefined;
  readonly connections: Connections;
}

/** The connections to one server, for a client whose certificate or trusted authority can be renewed. */
export class RenewedConnections {
  readonly #open: (identity: TlsIdentity) => Connections;
  #current: Opened | undefined;
  #before: Opened | undefined;
  #isClosed = false;

  constructor(open: (identity: TlsIdentity) => Connections) {
    this.#open = open;
  }

  /**
   * The connections with this certificate and authority. The previous connections stay open for their running requests
   * until the next renewal. If connections cannot be opened (a certificate that is not valid PEM), nothing changes.
   */
  async with({ certificate, authority }: TlsIdentity): Promise<Connections> {
    if (this.#isClosed) throw new Error('the connections were closed');
    const cert = certificate?.cert;
    const current = this.#current;
    if (current !== undefined && current.cert === cert && current.authority === authority) return current.connections;
    const connections = this.#open({ certificate, authority });
    const old = this.#before;
    this.#before = current;
    this.#current = { cert, authority, connections };
    await old?.connections.close();
    return connections;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#before?.connections.close();
    await this.#current?.connections.close();
  }
}
