import { computed, effect, signal } from '@preact/signals';
import { type Api, createApi } from './api-client.ts';
import { ofLimits } from './concerns.ts';
import { connection, follow, mayBeStranger, refusedBy } from './connection-state.ts';
import { type InspectEvent, type InspectMeta, inspectPaths } from '@typekro/controller/inspect';
import { type LiveRead, createLiveRead } from './remote.ts';
import { type Route, formatRoute, HOME, readRoute, tokenOfHash } from './routes.ts';
import { readStored, store } from './stored-values.ts';

const TOKEN_KEY = 'typekro-token';

/** The view that the page shows, with its options. */
export const route = signal<Route>(HOME);

/** Sentences about the parts of the address that the page does not know. */
export const addressProblems = signal<readonly string[]>([]);

/** Shows the view that the address names. Corrects the address when the page does not know a part of it. */
export function followAddress(): void {
  const read = readRoute(location.hash);
  addressProblems.value = read.problems;
  route.value = read.route;
  if (read.problems.length > 0) history.replaceState(null, '', formatRoute(read.route));
}

/** The interface through which the page sends its requests. Absent before `startSession`. */
let api: Api | undefined;
const reads = signal<ReadonlySet<LiveRead<unknown>>>(new Set());

/** Returns the interface through which the page sends its requests. */
export function currentApi(): Api {
  if (api === undefined) throw new Error('the session of the page has not started');
  return api;
}

/** The identity of the server and the features that it allows. */
export const meta = signal<InspectMeta | undefined>(undefined);

/** The time of the server minus the time of the browser, in milliseconds. */
export const clockOffsetMs = signal(0);

/**
 * The time of the server, in milliseconds since 1970, since which a part of the page does not show the present state of
 * the cluster: the page has lost its server, the server has lost the API server, or a read fails. Undefined otherwise.
 */
export const staleSince = computed((): number | undefined => {
  const failing = [...reads.value].flatMap(({ state: { value } }) =>
    value.error !== undefined && (value.error.status === 0 || value.error.status >= 500)
      ? [value.readAt ?? Date.now()]
      : [],
  );
  const lost = connection.value.is === 'lost' ? [connection.value.since] : [];
  const silent = meta.value?.limits.flatMap(({ since }) => since ?? []) ?? [];
  const times = [...[...failing, ...lost].map((time) => time + clockOffsetMs.value), ...silent];
  return times.length === 0 ? undefined : Math.min(...times);
});

/**
 * Takes the token out of the address, follows the address, and connects. The token stays in the storage of this tab, so
 * that a reload and the links of the page keep working. The address then has no token and can be shared.
 */
export function startSession(): void {
  const given = tokenOfHash(location.hash);
  if (given !== undefined) {
    store(() => sessionStorage, TOKEN_KEY, given);
    history.replaceState(null, '', formatRoute(HOME));
  }
  followAddress();
  addEventListener('hashchange', () => {
    // The user opened the address that a command printed, in a tab that already has the page.
    if (tokenOfHash(location.hash) !== undefined) location.reload();
    else followAddress();
  });
  api = createApi(given ?? readStored(() => sessionStorage, TOKEN_KEY) ?? '', mayBeStranger);
  const facts = liveRead<InspectMeta>(inspectPaths.meta(), ofLimits);
  effect(() => {
    const { value, error, readAt } = facts.state.value;
    if (error?.status === 401) connection.value = refusedBy(error);
    if (value === undefined || readAt === undefined) return;
    meta.value = value;
    clockOffsetMs.value = value.now - readAt;
  });
  const listener = {
    changed: (changes: readonly InspectEvent[]) => {
      for (const read of reads.value) read.notice(changes);
    },
    reset: () => {
      for (const read of reads.value) read.refresh();
    },
  };
  follow(api, listener, () => meta.value?.proves === true);
}

/** Takes a token that the user has entered, and reloads the page with the same view. */
export function enterToken(token: string): void {
  // Without the storage, the address passes the token to the reloaded page.
  if (!store(() => sessionStorage, TOKEN_KEY, token)) history.replaceState(null, '', `#token=${token}`);
  location.reload();
}

/**
 * Shows a view. With `replace`, the view replaces the current entry in the browser's history, for example after each
 * key in a filter.
 */
export function navigate(next: Route, options: { readonly replace?: boolean } = {}): void {
  const address = formatRoute(next);
  if (options.replace === true) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  route.value = next;
  addressProblems.value = [];
}

/**
 * Reads data of the server now and after changes that concern it, until the result is closed. With `repeatMs`, the data
 * is also read again after this time without a change.
 */
export function liveRead<Value>(
  path: string,
  concerns: (change: InspectEvent) => boolean,
  options: { readonly repeatMs?: number } = {},
): LiveRead<Value> {
  const read = createLiveRead<Value>((signal) => currentApi().get<Value>(path, signal), concerns, options);
  reads.value = new Set([...reads.peek(), read]);
  return {
    ...read,
    close() {
      reads.value = new Set([...reads.peek()].filter((other) => other !== read));
      read.close();
    },
  };
}
