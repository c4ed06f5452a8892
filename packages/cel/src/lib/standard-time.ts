import type { CallContext, FunctionDeclaration, Library } from '../library.ts';
import { DURATION, INT, STRING, TIMESTAMP } from '../types.ts';
import { checkedInt, type CelDuration, type CelTimestamp, type Int } from '../values.ts';
import { member, orFail } from './define.ts';
import { civilTime, type CivilTime } from './timestamp.ts';
import { findZone } from './find-zone.ts';

const MILLISECOND = 1_000_000n;
/** The cost of looking up the offset of a time zone. A lookup takes microseconds. */
const ZONE_COST = 8;

type Field = (time: CivilTime, nanos: number) => number;

/**
 * The standard library's accessors. Accessors of timestamps use UTC unless the call names a time zone. Accessors of
 * durations return whole units.
 */
export const standardTime: Library = {
  name: 'stdlib.time',
  functions: [
    accessor('getFullYear', 'year', (time) => time.year),
    accessor('getMonth', 'month', (time) => time.month - 1),
    accessor('getDayOfYear', 'day_of_year', (time) => time.dayOfYear),
    accessor('getDayOfMonth', 'day_of_month', (time) => time.day - 1),
    accessor('getDate', 'day_of_month_1_based', (time) => time.day),
    accessor('getDayOfWeek', 'day_of_week', (time) => time.dayOfWeek),
    accessor('getHours', 'hours', (time) => time.hour, 3_600_000_000_000n),
    accessor('getMinutes', 'minutes', (time) => time.minute, 60_000_000_000n),
    accessor('getSeconds', 'seconds', (time) => time.second, 1_000_000_000n, 'timestamp_to_seconds_tz'),
    accessor('getMilliseconds', 'milliseconds', (_, nanos) => Math.floor(nanos / 1_000_000), MILLISECOND),
  ],
};

/** Makes an accessor of timestamps. With `unit` (in nanoseconds), durations have the accessor, too. */
function accessor(
  name: string,
  id: string,
  field: Field,
  unit?: bigint,
  zonedId = `timestamp_to_${id}_with_tz`,
): FunctionDeclaration {
  const overloads = [
    member(`timestamp_to_${id}`, [TIMESTAMP], INT, ({ seconds, nanos }: CelTimestamp) =>
      field(civilTime(seconds), nanos),
    ),
    member(
      zonedId,
      [TIMESTAMP, STRING],
      INT,
      ({ seconds, nanos }: CelTimestamp, zone: string, context: CallContext) => {
        context.charge(ZONE_COST);
        return field(civilTime(seconds + orFail(findZone(zone))(seconds)), nanos);
      },
    ),
  ];
  if (unit !== undefined) {
    overloads.push(
      member(`duration_to_${id}`, [DURATION], INT, ({ nanos }: CelDuration) =>
        unit === MILLISECOND ? checkedInt(nanos / unit) : wholeUnits(nanos, unit),
      ),
    );
  }
  return { name, overloads };
}

/**
 * Returns the whole units of a duration. As in Go, the number is computed in floating point. Near the ends of the
 * range, it can differ from the result of an integer division.
 */
function wholeUnits(nanos: bigint, unit: bigint): Int {
  return checkedInt(BigInt(Math.trunc(Number(nanos / unit) + Number(nanos % unit) / Number(unit))));
}
