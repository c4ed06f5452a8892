import {
  CelDouble,
  CelDuration,
  CelOptional,
  CelTimestamp,
  CelTypeValue,
  CelUint,
  elementsOf,
  entriesOf,
  typeNameOf,
  type Value,
} from '../values.ts';
import { formatDuration } from './duration.ts';
import { formatGeneral } from './go-float.ts';
import { LibraryValue } from './opaque.ts';
import { formatTimestamp } from './timestamp.ts';

/** How deep lists and maps are shown; deeper ones are only in error texts nobody reads to the end. */
const DEEPEST = 50;

/** A value inside an error text, as Go's `%v` prints cel-go's values: `[1, b]`, `{x: 1}`, `1m30s`, `[120 121]`. */
export function showValue(value: Value, depth = 0): string {
  if (value === null) return '0';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : formatGeneral(value);
  if (typeof value !== 'object') return String(value);
  if (value instanceof CelDouble) return formatGeneral(value.value);
  if (value instanceof CelUint) return String(value.value);
  if (value instanceof CelDuration) return formatDuration(value.nanos);
  if (value instanceof CelTimestamp) return showTimestamp(value);
  if (value instanceof CelTypeValue) return value.name;
  if (value instanceof Uint8Array) return `[${value.join(' ')}]`;
  if (value instanceof CelOptional) {
    return value.value === undefined ? 'optional.none()' : `optional(${showValue(value.value, depth + 1)})`;
  }
  if (value instanceof LibraryValue) return value.toString();
  if (depth > DEEPEST) return '…';
  const elements = elementsOf(value);
  if (elements) return `[${elements.map((element) => showValue(element, depth + 1)).join(', ')}]`;
  const entries = entriesOf(value);
  if (!entries) return typeNameOf(value);
  const show = ([key, entry]: readonly [Value, Value]) =>
    `${showValue(key, depth + 1)}: ${showValue(entry, depth + 1)}`;
  return `{${entries.map(show).join(', ')}}`;
}

/** Go's `time.Time.String`: `2026-01-01 00:00:00.5 +0000 UTC`. */
function showTimestamp({ seconds, nanos, offsetMinutes }: CelTimestamp): string {
  const local = formatTimestamp({ seconds: seconds + offsetMinutes * 60, nanos, offsetMinutes: 0 });
  const size = Math.abs(offsetMinutes);
  const digits = String(Math.floor(size / 60) * 100 + (size % 60)).padStart(4, '0');
  const zone = `${offsetMinutes < 0 ? '-' : '+'}${digits}`;
  return `${local.slice(0, -1).replace('T', ' ')} ${zone} ${offsetMinutes === 0 ? 'UTC' : zone}`;
}
