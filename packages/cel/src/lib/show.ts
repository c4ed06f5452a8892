import * as cel from '../values.ts';
import { goFormatDuration, formatGeneral } from '@typekro/kit/golang';
import { LibraryValue } from './opaque.ts';
import { formatTimestamp } from './timestamp.ts';

/** Limits for a value that is printed in an error: the depth of lists and maps, and the total number of elements. */
const MAX_DEPTH = 50;
const MAX_VALUES = 10_000;

/** Prints a value for an error, as Go's `%v` prints cel-go's values: `[1, b]`, `{x: 1}`, `1m30s`, `[120 121]`. */
export function showValue(value: cel.Value): string {
  return show(value, 0, { left: MAX_VALUES });
}

function show(value: cel.Value, depth: number, room: { left: number }): string {
  if (value === null) return '0';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : formatGeneral(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof cel.CelDouble) return formatGeneral(value.value);
  if (value instanceof cel.CelUint) return String(value.value);
  if (value instanceof cel.CelDuration) return goFormatDuration(value.nanos);
  if (value instanceof cel.CelTimestamp) return showTimestamp(value);
  if (value instanceof cel.CelTypeValue) return value.name;
  if (value instanceof cel.CelErrorValue) return value.message;
  if (value instanceof Uint8Array) return `[${value.join(' ')}]`;
  if (value instanceof cel.CelOptional) {
    return value.value === undefined ? 'optional.none()' : `optional(${show(value.value, depth + 1, room)})`;
  }
  if (value instanceof LibraryValue) return value.toString();
  const elements = cel.elementsOf(value);
  const entries = elements ? undefined : cel.entriesOf(value);
  room.left -= (elements ?? entries)?.length ?? 0;
  if (depth > MAX_DEPTH || room.left < 0) return '…';
  const inner = (part: cel.Value) => show(part, depth + 1, room);
  if (elements) return `[${elements.map(inner).join(', ')}]`;
  if (!entries) return cel.typeNameOf(value);
  return `{${entries.map(([key, entry]) => `${inner(key)}: ${inner(entry)}`).join(', ')}}`;
}

/** Go's `time.Time.String`: `2026-01-01 00:00:00.5 +0000 UTC`. */
function showTimestamp({ seconds, nanos, offsetMinutes }: cel.CelTimestamp): string {
  const local = formatTimestamp({ seconds: seconds + offsetMinutes * 60, nanos, offsetMinutes: 0 });
  const size = Math.abs(offsetMinutes);
  const digits = String(Math.floor(size / 60) * 100 + (size % 60)).padStart(4, '0');
  const zone = `${offsetMinutes < 0 ? '-' : '+'}${digits}`;
  return `${local.slice(0, -1).replace('T', ' ')} ${zone} ${offsetMinutes === 0 ? 'UTC' : zone}`;
}
