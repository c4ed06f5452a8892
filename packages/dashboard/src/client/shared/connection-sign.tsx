import type { JSX } from 'preact';
import { connection } from '../data/connection.ts';
import { TokenForm } from './token-form.tsx';

/** The state of the connection in one or two words. */
export function ConnectionSign(): JSX.Element {
  const { is } = connection.value;
  const words = { connecting: 'Connecting', live: 'Live', lost: 'Reconnecting', refused: 'No access' };
  return (
    <span class={`connection is-${is}`} role="status">
      {words[is]}
    </span>
  );
}

/** Tells the user how to restore a connection that does not work. */
export function ConnectionBanner(): JSX.Element | null {
  const state = connection.value;
  if (state.is === 'refused' && state.asks === true) return <TokenForm />;
  if (state.is === 'refused' && state.elsewhere === true) {
    return (
      <div class="notice bad" role="alert">
        <p>
          <strong>This page cannot connect again at {location.host}.</strong> After a lost connection, the server proves
          its identity only to a page at <code>http://127.0.0.1:PORT</code>, with the port of the command. Open the
          address that the command printed last. If you forwarded the port yourself, reload this page.
        </p>
      </div>
    );
  }
  if (state.is === 'refused') {
    return (
      <div class="notice bad" role="alert">
        <p>
          <strong>The token is missing or no longer valid.</strong> Open the address that the command printed last. It
          ends with <code>#token=…</code>. A command that started again prints a new address, unless it has a fixed
          port.
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
