import { effect, signal, untracked } from '@preact/signals';
import { type Api, ApiError } from './api-client.ts';
import { type ChangeBatch, type InspectEvent, type StreamStart, CLUSTER_TOKEN } from '@typekro/controller/inspect';
import { MAX_RETRY_MS } from './reload-schedule.ts';

/**
 * The state of the connection from the page to its server. Only in the state `live` does the page show the current
 * state of the server.
 */
export type ConnectionState =
  | { readonly is: 'connecting' }
  | { readonly is: 'live' }
  /** The connection was lost, and the page tries again. `since` is in milliseconds since 1970. */
  | { readonly is: 'lost'; readonly since: number }
  /**
   * The server refuses the token, or does not prove that it has the token. `asks`: the server takes tokens of users of
   * the cluster. `elsewhere`: the server sends proofs only at its own address, and the page was opened at another
   * address.
   */
  | { readonly is: 'refused'; readonly asks?: true; readonly elsewhere?: true };

/** The consumers of a stream of events. */
export interface StreamListener {
  /** These subjects changed. */
  readonly changed: (changes: readonly InspectEvent[]) => void;
  /** Everything may have changed. */
  readonly reset: () => void;
}

/**
 * The pause before the page tries to open a lost stream again, in milliseconds. The pause grows up to `MAX_RETRY_MS`
 * while the server responds but refuses the stream, for example because too many pages are open.
 */
const REOPEN_MS = 1000;

/** The state of the connection of the page. */
export const connection = signal<ConnectionState>({ is: 'connecting' });

/** The state after a server has refused the token. */
export const refusedBy = ({ problem }: ApiError): ConnectionState =>
  problem.code === CLUSTER_TOKEN ? { is: 'refused', asks: true } : { is: 'refused' };

/**
 * Is it possible that another program now listens on the server's port? The page then requests nothing from its origin:
 * no data, because a request contains the token, and no script, because a script of another program could read the
 * token.
 */
export function mayBeStranger(): boolean {
  const { is } = connection.value;
  return is === 'lost' || is === 'refused';
}

/**
 * Runs `call` once, as soon as no other program can have the port: now, or after the page has found its server again.
 * Returns the function that cancels the call. Each script that the page loads on demand is loaded in such a call.
 */
export function whenOwnServer(call: () => void): () => void {
  let isCalled = false;
  return effect(() => {
    if (isCalled || mayBeStranger()) return;
    isCalled = true;
    untracked(call);
  });
}

/**
 * Follows the stream of events, and opens a lost stream again. Another program can have the port by then, so the page
 * first asks for a proof that the server has the token.
 *
 * @param proves does the server prove that it has the token?
 */
export function follow(api: Api, listener: StreamListener, proves: () => boolean): void {
  /** The number of failed tries since the stream was last open. */
  let refusals = 0;
  /** Opens the stream. `lostAt` is the time since which the page has no stream; absent at the first try. */
  const open = async (lostAt?: number): Promise<void> => {
    let isOpen = false;
    let refused: ApiError | undefined;
    try {
      const messages = await api.events();
      isOpen = true;
      refusals = 0;
      connection.value = { is: 'live' };
      // Events can be missing, so the page reads all data again.
      if (lostAt !== undefined) listener.reset();
      for await (const { event, data } of messages) {
        if (event === 'changes') listener.changed((JSON.parse(data) as ChangeBatch).changes);
        const isIncomplete = event === 'hello' && lostAt === undefined && (JSON.parse(data) as StreamStart).missed;
        if (event === 'reset' || isIncomplete) listener.reset();
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 401) refused = error;
    } finally {
      if (!isOpen) refusals += 1;
      if (refused !== undefined) connection.value = refusedBy(refused);
      else lost(isOpen ? Date.now() : (lostAt ?? Date.now()));
      api.end();
    }
  };
  const lost = (since: number): void => {
    connection.value = { is: 'lost', since };
    setTimeout(() => void reopen(since), Math.min(MAX_RETRY_MS, REOPEN_MS * 2 ** refusals));
  };
  const reopen = async (since: number): Promise<void> => {
    const proof = proves() ? await api.proof() : 'own';
    if (proof === 'unknown') return lost(since);
    if (proof !== 'own') {
      connection.value = proof === 'other-address' ? { is: 'refused', elsewhere: true } : { is: 'refused' };
      return;
    }
    // Without a proof, the first request shows whether the token is still valid.
    connection.value = { is: 'connecting' };
    try {
      await api.check();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      refusals += 1;
      if (error.status !== 401) return lost(since);
      connection.value = refusedBy(error);
      return;
    }
    await open(since);
  };
  void open();
}
