import { type JsonValue, type KubeObject, backoffMs, isJsonObject, parseJson, RETRY_POLICIES } from '@typekro/kit/core';
import { isLaterVersion, wentBack } from '@typekro/kit/kubernetes';
import { errorOfStatus, KubeError } from './kube-error.ts';
import type { ObjectList, WatchEvent } from './kube-api.ts';

/** The state of a watch. */
export interface WatchState {
  /**
   * - `listing`: a list is being read;
   * - `streaming`: the server sends the existing objects as events, up to its bookmark;
   * - `watching`: the server sends the changes after `resourceVersion`;
   * - `waiting`: the watch pauses after a failure;
   * - `comparing`: the current version of the server is being read, after the server was unreachable.
   */
  readonly phase: 'listing' | 'streaming' | 'watching' | 'waiting' | 'comparing';
  /** The version after which the watch continues; absent when the next request must be a list. */
  readonly resourceVersion?: string;
  /** The latest version of a list or an event. It is kept when the watch must list again. */
  readonly latest?: string;
  /**
   * The number of failures and of ended streams in a row. An event or a complete list resets it to 0. The first error
   * response of a server that was unreachable sets it to 1.
   */
  readonly failures: number;
  /**
   * The number of times in a row that the version was too old. A list does not reset it, but an event after a list
   * does.
   */
  readonly expired: number;
  /**
   * May the server have an earlier state than the watch? True after the server was unreachable or did not have the
   * watch's version, until the versions are compared.
   */
  readonly uncompared?: true;
  /** Was the server unreachable at the last failure? */
  readonly away?: true;
  /** Does the server send lists as streams? False after the server refused such a list. */
  readonly streamsLists: boolean;
}

/** An input of a watch's step. `random` in [0, 1) determines the jitter. */
export type WatchInput =
  | { readonly type: 'begin' }
  | { readonly type: 'listed'; readonly list: ObjectList }
  | { readonly type: 'line'; readonly text: string }
  | { readonly type: 'ended' }
  | { readonly type: 'idle' }
  | { readonly type: 'failed'; readonly error: KubeError; readonly random: number }
  | { readonly type: 'waited' }
  | { readonly type: 'compared'; readonly resourceVersion: string };

/** An output of a step: an event for the consumer, or the next effect (which ends an open stream). */
export type WatchAction =
  | { readonly type: 'emit'; readonly event: WatchEvent }
  | { readonly type: 'list' }
  /** Reads the current version of the collection. */
  | { readonly type: 'compare' }
  | { readonly type: 'open'; readonly resourceVersion?: string }
  | { readonly type: 'wait'; readonly milliseconds: number };

/** The reason of an error about a line that is not an event. */
const MALFORMED = 'MalformedWatch';

/** kube-apiserver's message about a version that it does not have yet. */
const TOO_LARGE = 'Too large resource version';

/**
 * The error for a bookmark with an earlier version than the watch has seen. Like an expired version, it causes a new
 * list.
 */
const EARLIER_STATE = new KubeError('the server went back to an earlier state', { status: 410, reason: 'Expired' });

/**
 * kube-apiserver's message with status 429 while its cache of a kind is not filled yet. After this message, the watch
 * requests a plain list instead of a stream. After any other 429, it waits.
 */
const NOT_FILLED = 'storage is (re)initializing';

/** The state before `begin`. With `resourceVersion`, the watch begins without a list. */
export function initialWatchState(options: { resourceVersion?: string; streamsLists: boolean }): WatchState {
  const { resourceVersion, streamsLists } = options;
  return {
    phase: 'waiting',
    failures: 0,
    expired: 0,
    streamsLists,
    ...(resourceVersion === undefined ? {} : { resourceVersion, latest: resourceVersion }),
  };
}

/**
 * One step of a watch. The watch lists once, or reads the list as a stream, and then follows changes without end. A
 * stream that has ended or is silent is opened again at its last version, so that no event is lost. Status 410 causes a
 * new list. Other failures cause pauses of increasing length. A server that was unreachable may have been restored to
 * an earlier state, and a watch from a later version would get no events of that state. Therefore the watch first
 * compares the versions.
 */
export function watchStep(state: WatchState, input: WatchInput): readonly [readonly WatchAction[], WatchState] {
  switch (input.type) {
    case 'begin':
      return start(state);
    case 'waited':
      return state.uncompared === true && state.resourceVersion !== undefined
        ? [[{ type: 'compare' }], { ...state, phase: 'comparing' }]
        : start(state);
    case 'compared':
      return compared(state, input.resourceVersion);
    case 'ended':
    case 'idle':
      return ended(state);
    case 'listed':
      return listed(state, input.list);
    case 'line':
      return line(state, input.text);
    default:
      return failed(state, input.error, input.random);
  }
}

/** Opens a stream again at once after it has ended. From the third failure or ended stream in a row on, waits first. */
function ended(state: WatchState): readonly [readonly WatchAction[], WatchState] {
  // A server that does not support streamed lists ends the stream without the bookmark that ends a list.
  if (state.phase === 'streaming') return [[{ type: 'list' }], { ...state, phase: 'listing' }];
  const failures = state.failures + 1;
  if (failures < 3) return start({ ...state, failures });
  const milliseconds = backoffMs(RETRY_POLICIES.watch, failures - 2, 1);
  return [[{ type: 'wait', milliseconds }], { ...state, phase: 'waiting', failures }];
}

/** Continues at the known version, or lists again when the server has an earlier state. */
function compared(state: WatchState, present: string): readonly [readonly WatchAction[], WatchState] {
  const { uncompared: _uncompared, resourceVersion, ...rest } = state;
  const isEarlier = wentBack(state.latest, present);
  return start(isEarlier || resourceVersion === undefined ? rest : { ...rest, resourceVersion });
}

function start(state: WatchState): readonly [readonly WatchAction[], WatchState] {
  const { resourceVersion, phase: _phase, ...kept } = state;
  if (resourceVersion !== undefined) {
    return [[{ type: 'open', resourceVersion }], { ...kept, phase: 'watching', resourceVersion }];
  }
  const restarted: WatchAction = { type: 'emit', event: { type: 'RESTARTED' } };
  return kept.streamsLists
    ? [[restarted, { type: 'open' }], { ...kept, phase: 'streaming' }]
    : [[{ type: 'list' }], { ...kept, phase: 'listing' }];
}

function listed(state: WatchState, list: ObjectList): readonly [readonly WatchAction[], WatchState] {
  const { resourceVersion } = list;
  const events: WatchEvent[] = [
    { type: 'RESTARTED' },
    ...list.items.map((object) => ({ type: 'ADDED' as const, object })),
    synced(state, resourceVersion),
  ];
  const actions: WatchAction[] = events.map((event) => ({ type: 'emit', event }));
  return [[...actions, { type: 'open', resourceVersion }], following(state, resourceVersion)];
}

function synced({ latest }: WatchState, resourceVersion: string): WatchEvent {
  return { type: 'SYNCED', resourceVersion, ...(wentBack(latest, resourceVersion) ? { wentBack: true } : {}) };
}

/** The state after all existing objects were reported. */
function following({ streamsLists, expired }: WatchState, resourceVersion: string): WatchState {
  return { phase: 'watching', resourceVersion, latest: resourceVersion, failures: 0, expired, streamsLists };
}

function line(state: WatchState, text: string): readonly [readonly WatchAction[], WatchState] {
  const entry = parseLine(text);
  if (entry instanceof KubeError) return failed(state, entry, 1);
  const { type, object } = entry;
  if (type === 'ERROR') return failed(state, errorOfStatus(object), 1);
  const resourceVersion = object.metadata.resourceVersion ?? state.resourceVersion;
  if (state.phase === 'streaming') {
    if (type === 'BOOKMARK') return bookmarkOfList(state, object);
    return [[{ type: 'emit', event: { type, object } }], { ...state, failures: 0 }];
  }
  const next = { ...state, failures: 0, expired: 0, ...versionsAfter(state, resourceVersion) };
  if (type !== 'BOOKMARK') return [[{ type: 'emit', event: { type, object } }], next];
  if (resourceVersion !== undefined && wentBack(state.latest, resourceVersion)) return failed(state, EARLIER_STATE, 1);
  return [[{ type: 'emit', event: { type, resourceVersion: resourceVersion ?? '' } }], next];
}

/**
 * The versions in the state after an event. A restored server may send an event with an earlier version than `latest`.
 */
function versionsAfter({ latest }: WatchState, resourceVersion: string | undefined) {
  if (resourceVersion === undefined) return {};
  const isEarlier = latest !== undefined && isLaterVersion(latest, resourceVersion);
  return { resourceVersion, latest: isEarlier ? latest : resourceVersion };
}

/**
 * Handles a bookmark while a list is streamed: only the bookmark with the annotation `initial-events-end` ends the
 * list.
 */
function bookmarkOfList(state: WatchState, object: KubeObject): readonly [readonly WatchAction[], WatchState] {
  const { resourceVersion, annotations } = object.metadata;
  if (resourceVersion === undefined || annotations?.['k8s.io/initial-events-end'] !== 'true') return [[], state];
  return [[{ type: 'emit', event: synced(state, resourceVersion) }], following(state, resourceVersion)];
}

function failed(state: WatchState, error: KubeError, random: number): readonly [readonly WatchAction[], WatchState] {
  if (state.phase === 'streaming' && (error.status === 422 || error.status === 400)) {
    return start({ ...state, phase: 'waiting', streamsLists: false });
  }
  // A server refuses a streamed list until its cache of a new kind is filled. In the meantime, it serves a plain list
  // from etcd (KEP-4568).
  if (state.phase === 'streaming' && error.status === 429 && error.message.includes(NOT_FILLED)) {
    return [[{ type: 'list' }], { ...state, phase: 'listing' }];
  }
  // A starting server refuses many requests, so its first refusal counts as a first failure.
  const failures = state.away === true && error.status !== 0 ? 1 : state.failures + 1;
  const { streamsLists, latest } = state;
  const kept = { streamsLists, ...(latest === undefined ? {} : { latest }) };
  if (error.status === 410) {
    const expired = state.expired + 1;
    const next: WatchState = { phase: 'waiting', failures: Math.max(failures, expired), expired, ...kept };
    // The first 410 causes an immediate list. If the server responds with 410 to the version of every list, the watch
    // pauses first.
    return next.failures === 1 ? start(next) : wait(next, error, random);
  }
  // When a deleted or forbidden kind returns, its objects may be different, so the watch must list again.
  if (error.status === 403 || error.status === 404) {
    return wait({ phase: 'waiting', failures, expired: state.expired, ...kept }, error, random);
  }
  const { away: _away, ...rest } = state;
  const isAway = error.status === 0;
  const mayBeEarlier = (isAway && error.reason !== MALFORMED) || error.message.includes(TOO_LARGE);
  const flags = { ...(isAway ? { away: true as const } : {}), ...(mayBeEarlier ? { uncompared: true as const } : {}) };
  return wait({ ...rest, ...flags, phase: 'waiting', failures }, error, random);
}

function wait(state: WatchState, error: KubeError, random: number): readonly [readonly WatchAction[], WatchState] {
  const policy = error.status === 0 ? RETRY_POLICIES.unreachableWatch : RETRY_POLICIES.watch;
  const milliseconds = error.retryAfterMs ?? backoffMs(policy, state.failures, random);
  return [
    [
      { type: 'emit', event: { type: 'ERROR', error, retryAfterMs: milliseconds } },
      { type: 'wait', milliseconds },
    ],
    state,
  ];
}

type Line = { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'; readonly object: KubeObject };

const TYPES: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']);

/** Parses a line of a watch. A malformed line is an error, because skipping it would lose its event. */
function parseLine(text: string): Line | KubeError {
  let value: JsonValue;
  try {
    value = parseJson(text);
  } catch (cause) {
    return malformed('a line of the watch is not JSON', cause);
  }
  if (!isJsonObject(value) || !TYPES.has(value['type'])) return malformed('a line of the watch is not a watch event');
  const object = value['object'];
  if (value['type'] === 'ERROR') return { type: 'ERROR', object: object as KubeObject };
  if (!isJsonObject(object) || !isJsonObject(object['metadata'])) return malformed('a watch event has no object');
  return value as Line;
}

function malformed(message: string, cause?: unknown): KubeError {
  return new KubeError(message, { status: 0, reason: MALFORMED, ...(cause === undefined ? {} : { cause }) });
}
