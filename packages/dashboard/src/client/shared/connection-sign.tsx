import type { JSX } from 'preact';
import { connection } from '../data/connection-state.ts';
import { clockOffsetMs, meta, staleSince } from '../data/session.ts';
import { ageOf } from './page-clock.ts';
import { Link } from './parts.tsx';
import { TokenForm } from './token-form.tsx';

/** What the server cannot show, each with a link to the definition that must be corrected. */
export function Limits(): JSX.Element {
  return (
    <>
      {meta.value?.limits.map(({ text, definition, since }) => (
        <p key={text} class="notice" role={since === undefined ? undefined : 'alert'}>
          {text}
          {since === undefined
            ? null
            : `. The page shows the state of ${new Date(since - clockOffsetMs.value).toLocaleTimeString()}.`}
          {definition === undefined ? null : (
            <>
              {' '}
              <Link to={{ view: 'definition', name: definition, tab: 'source' }}>See the definition</Link>
            </>
          )}
        </p>
      ))}
    </>
  );
}

const WORDS = { connecting: 'Connecting', live: 'Live', stale: 'Not live', lost: 'Reconnecting', refused: 'No access' };

/** The state of the data in one or two words, with its age when it is old. */
export function ConnectionSign(): JSX.Element {
  const since = staleSince.value;
  const is = connection.value.is === 'live' && since !== undefined ? 'stale' : connection.value.is;
  return (
    <span class={`connection is-${is}`}>
      <span role="status">{WORDS[is]}</span>
      {since === undefined || is === 'refused' ? null : <span>{ageOf(new Date(since).toISOString())} old</span>}
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
