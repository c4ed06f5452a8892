import type { Clock } from './clock.ts';
import type { ClusterOptions, Listener, ListenOptions, UserInfo } from './options.ts';
import type { Transport } from './transport.ts';

/** An embedded cluster. */
export interface Cluster {
  /** A client's way in without a socket. `user` defaults to the administrator. */
  transport(user?: UserInfo): Transport;
  /** Opens a socket; a cluster may have several. */
  listen(options?: ListenOptions): Promise<Listener>;
  /** The cluster's time. */
  readonly clock: Clock;
  /** Settles when no simulated controller has work that is due now. */
  idle(): Promise<void>;
  /** Closes sockets and watches, stops controllers and timers. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes a cluster; it is ready when the promise settles. */
export declare function createCluster(options?: ClusterOptions): Promise<Cluster>;
