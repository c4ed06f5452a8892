import { CelDuration, CelTimestamp, fail } from '../values.ts';
import { MAX_SECONDS, MIN_SECONDS } from './timestamp.ts';

/** Sums and differences of timestamps and durations, with cel-go's limits. */

const SECOND = 1_000_000_000n;
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

function toDuration(nanos: bigint): CelDuration {
  return nanos > MAX_INT64 || nanos < MIN_INT64 ? fail('integer overflow') : new CelDuration(nanos);
}

export function addDurations(a: CelDuration, b: CelDuration): CelDuration {
  return toDuration(a.nanos + b.nanos);
}

export function subtractDurations(a: CelDuration, b: CelDuration): CelDuration {
  return toDuration(a.nanos - b.nanos);
}

/** `timestamp + duration`; the result keeps the offset of the timestamp. */
export function addDurationToTimestamp(time: CelTimestamp, span: CelDuration): CelTimestamp {
  return shifted(time, span.nanos);
}

/** `timestamp - duration`. */
export function subtractDurationFromTimestamp(time: CelTimestamp, span: CelDuration): CelTimestamp {
  return shifted(time, -span.nanos);
}

function shifted(time: CelTimestamp, by: bigint): CelTimestamp {
  const total = BigInt(time.seconds) * SECOND + BigInt(time.nanos) + by;
  const nanos = ((total % SECOND) + SECOND) % SECOND;
  const seconds = Number((total - nanos) / SECOND);
  if (seconds < MIN_SECONDS || seconds > MAX_SECONDS) return fail('timestamp overflow');
  return new CelTimestamp(seconds, Number(nanos), time.offsetMinutes);
}

/** `timestamp - timestamp`. */
export function subtractTimestamps(a: CelTimestamp, b: CelTimestamp): CelDuration {
  return toDuration(BigInt(a.seconds - b.seconds) * SECOND + BigInt(a.nanos - b.nanos));
}
