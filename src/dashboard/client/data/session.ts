import { effect, signal } from '@preact/signals';
import type { InspectEvent, InspectMeta } from '../../../inspect/index.ts';
import type { Api } from './api.ts';
import { createApi } from './api.ts';
import { connection, follow } from './connection.ts';
import { inspectPaths } from '../../../inspect/index.ts';
import type { LiveRead } from './remote.ts';
import { createLiveRead } from './remote.ts';
import type { Route } from './routes.ts';
import { formatRoute, parseRoute, tokenOfHash } from './routes.ts';

const TOKEN_KEY = 'typekro-token';

/** The place that the page shows. */
export const route = signal<Route>(parseRoute(''));

/** The requests of the page, once `startSession` has found a token. */
let api: Api | undefined;
const reads = new Set<LiveRead<unknown>>();

/** The requests of the page. */
export function currentApi(): Api {
  if (api === undefined) throw new Error('the session of the page has not started');
  return api;
}

/** The identity of the server and the features that it allows. */
export const meta = signal<InspectMeta | undefined>(undefined);

/** The time of the server minus the time of the browser, in milliseconds. */
export const clockOffsetMs = signal(0);

/**
 * Takes the token out of the address, follows the address, and connects. The token stays in the storage of this tab, so
 * that a reload and the links of the page keep working, and the address can be shared.
 */
export function startSession(): void {
  const given = tokenOfHash(location.hash);
  if (given !== undefined) {
    sessionStorage.setItem(TOKEN_KEY, given);
    history.replaceState(null, '', formatRoute(parseRoute('')));
  }
  route.value = parseRoute(location.hash);
  addEventListener('hashchange', () => {
    // The user opened the address that a command printed, in a tab that already has the page.
    if (tokenOfHash(location.hash) !== undefined) location.reload();
    else route.value = parseRoute(location.hash);
  });
  api = createApi(sessionStorage.getItem(TOKEN_KEY) ?? '');
  const facts = liveRead<InspectMeta>(inspectPaths.meta(), () => false);
  effect(() => {
    const { value, error, readAt } = facts.state.value;
    if (error?.status === 401) connection.value = { is: 'refused' };
    if (value === undefined || readAt === undefined) return;
    meta.value = value;
    clockOffsetMs.value = value.now - readAt;
  });
  follow(api, {
    changed: (changes) => {
      for (const read of reads) read.notice(changes);
    },
    reset: () => {
      for (const read of reads) read.refresh();
    },
  });
}

/**
 * Goes to a place. With `replace`, it replaces the present place in the history, for example after each key in a
 * filter.
 */
export function navigate(next: Route, options: { readonly replace?: boolean } = {}): void {
  const address = formatRoute(next);
  if (options.replace === true) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  route.value = next;
}

/**
 * Reads data of the server now and after changes that concern it, until the result is closed. With `repeatMs`, data
 * without a change is read again after this time.
 */
export function liveRead<Value>(
  path: string,
  concerns: (change: InspectEvent) => boolean,
  options: { readonly repeatMs?: number } = {},
): LiveRead<Value> {
  const read = createLiveRead<Value>((signal) => currentApi().get<Value>(path, signal), concerns, options);
  reads.add(read);
  return {
    ...read,
    close() {
      reads.delete(read);
      read.close();
    },
  };
}
