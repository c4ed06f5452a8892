import { signal } from '@preact/signals';
import type { ChangeBatch, InspectEvent, StreamStart } from '../../../inspect/index.ts';
import type { Api } from './api.ts';
import { ApiError } from './api.ts';
import { inspectPaths } from '../../../inspect/index.ts';

/** Whether the page shows the present state of the server. */
export type ConnectionState =
  | { readonly is: 'connecting' }
  | { readonly is: 'live' }
  /** The connection was lost, and the page tries again. `since` is in milliseconds since 1970. */
  | { readonly is: 'lost'; readonly since: number }
  /** The server refuses the token. */
  | { readonly is: 'refused' };

/** The consumers of a stream of events. */
export interface StreamListener {
  /** These subjects changed. */
  readonly changed: (changes: readonly InspectEvent[]) => void;
  /** Everything may have changed. */
  readonly reset: () => void;
}

/** The pause before the page reopens a stream that the browser has given up, in milliseconds. */
const REOPEN_MS = 2000;

/** The state of the connection of the page. */
export const connection = signal<ConnectionState>({ is: 'connecting' });

/**
 * Follows the stream of events. The browser opens a lost stream again with the id of the last event. It gives up after
 * an answer that is no stream. This function then checks the token, and opens the stream again.
 */
export function follow(api: Api, listener: StreamListener): void {
  const events = new EventSource(api.eventsUrl());
  events.addEventListener('open', () => {
    // A stream that the page itself opened again sends no id of a last event. Events can be missing, so the page reads
    // all data again.
    if (connection.value.is === 'lost') listener.reset();
    connection.value = { is: 'live' };
  });
  events.addEventListener('hello', (event) => {
    if (dataOf<StreamStart>(event).missed) listener.reset();
  });
  events.addEventListener('changes', (event) => listener.changed(dataOf<ChangeBatch>(event).changes));
  events.addEventListener('reset', () => listener.reset());
  events.addEventListener('error', () => {
    if (connection.value.is !== 'lost') connection.value = { is: 'lost', since: Date.now() };
    if (events.readyState !== EventSource.CLOSED) return;
    setTimeout(() => void reopen(api, listener), REOPEN_MS);
  });
}

async function reopen(api: Api, listener: StreamListener): Promise<void> {
  try {
    await api.get(inspectPaths.meta());
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) {
      connection.value = { is: 'refused' };
      return;
    }
  }
  follow(api, listener);
}

function dataOf<Data>(event: Event): Data {
  return JSON.parse((event as MessageEvent<string>).data) as Data;
}
