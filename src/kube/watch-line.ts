import type { JsonValue, KubeObject } from '../core/index.ts';
import { isJsonObject, tryParseJson } from '../core/index.ts';
import { KubeError } from './error.ts';

/** A line of a watch; the object of an `ERROR` is a `Status`. */
export interface WatchLine {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeObject;
}

const TYPES: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']);

/** A line of a watch, or why it is none. A malformed line is never skipped: what it said would be lost. */
export function parseWatchLine(text: string): WatchLine | KubeError {
  const value: JsonValue | undefined = tryParseJson(text);
  if (value === undefined) return malformed('a line of the watch is no JSON');
  if (!isJsonObject(value) || !TYPES.has(value['type'])) return malformed('a line of the watch is no watch event');
  const object = value['object'];
  if (value['type'] === 'ERROR') return { type: 'ERROR', object: object as unknown as KubeObject };
  if (!isJsonObject(object) || !isJsonObject(object['metadata'])) return malformed('a watch event holds no object');
  return value as unknown as WatchLine;
}

function malformed(message: string): KubeError {
  return new KubeError(message, { status: 0, reason: 'MalformedWatch' });
}

const CHANGE = /^\{"type":"(?:ADDED|MODIFIED)"/;
const VERSION = '"resourceVersion":"';

/**
 * Does this line bring an object that is known already, by its version and UID? Found without parsing, which costs most
 * of what an event costs. `knownAs` gives the UID of the object that is known at a version. Only what the text says for
 * sure counts: a version that stands there once is that of the object, since each has one; quotes within a text are
 * escaped, so that none can look like it.
 */
export function isKnownChange(text: string, knownAs: (resourceVersion: string) => string | undefined): boolean {
  if (!CHANGE.test(text)) return false;
  const at = text.indexOf(VERSION);
  const from = at + VERSION.length;
  const end = text.indexOf('"', from);
  if (at < 0 || end < 0 || text.includes(VERSION, from)) return false;
  const uid = knownAs(text.slice(from, end));
  return uid !== undefined && text.includes(`"uid":"${uid}"`);
}
