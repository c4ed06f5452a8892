import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import type { PathStep } from '../model.ts';

/** A marker after an expression in the status block. */
export interface StatusMark {
  readonly marker: 'scale' | 'scaleSelector';
  /** The steps below `status`. */
  readonly steps: readonly PathStep[];
}

const MARKED = /^(\s*\$\{[\s\S]*\})\s*\|\s*(scale|scaleSelector)\s*$/;

/** Returns a copy of a status block without the markers in its strings. Adds the markers to `marks`. */
export function withoutMarkers(value: JsonValue, steps: readonly PathStep[], marks: StatusMark[]): JsonValue {
  if (typeof value === 'string') {
    const [, text = '', marker] = MARKED.exec(value) ?? [];
    if (marker === undefined) return value;
    marks.push({ marker: marker as StatusMark['marker'], steps });
    return text;
  }
  if (Array.isArray(value)) return value.map((entry, index) => withoutMarkers(entry, [...steps, index], marks));
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value).map(([key, entry]) => [
    key,
    entry === undefined ? entry : withoutMarkers(entry, [...steps, key], marks),
  ]);
  return Object.fromEntries(entries) as JsonObject;
}
