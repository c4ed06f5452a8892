import type { JSX } from 'preact';
import { connection } from '../data/connection.ts';

/** The state of the connection in one word. */
export function ConnectionSign(): JSX.Element {
  const { is } = connection.value;
  const words = { connecting: 'Connecting', live: 'Live', lost: 'Reconnecting', refused: 'No access' };
  return (
    <span class={`connection is-${is}`} role="status">
      {words[is]}
    </span>
  );
}

/** What a user does about a connection that does not work. */
export function ConnectionBanner(): JSX.Element | null {
  const state = connection.value;
  if (state.is === 'refused') {
    return (
      <div class="notice bad" role="alert">
        <p>
          <strong>The token is missing or no longer valid.</strong> Open the address that the command printed last. It
          ends with <code>#token=…</code>. A command that started again prints a new address.
        </p>
      </div>
    );
  }
  if (state.is !== 'lost') return null;
  const time = new Date(state.since).toLocaleTimeString();
  return (
    <div class="notice" role="alert">
      <p>
        <strong>The connection was lost at {time}.</strong> The page shows the state of that time, and connects again by
        itself. If the command has ended, start it again.
      </p>
    </div>
  );
}
