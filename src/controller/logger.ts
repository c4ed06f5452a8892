import { isoTime } from '../core/index.ts';

/** The severity of a log entry. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Receives structured log entries: a short constant message, with the details as fields. */
export interface Logger {
  log(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Discards all entries. */
export const silentLogger: Logger = { log: () => undefined };

/** A logger that writes one JSON object per line, for log collectors. `write` gets each line with its newline. */
export function jsonLogger(write: (line: string) => void, now: () => number, minimum: LogLevel = 'info'): Logger {
  return lineLogger(write, minimum, (level, message, fields) =>
    JSON.stringify({ time: isoTime(now()), level, message, ...fields }),
  );
}

/** A logger that writes lines for people. Tabs separate time, level, message and the fields as JSON. */
export function consoleLogger(write: (line: string) => void, now: () => number, minimum: LogLevel = 'info'): Logger {
  return lineLogger(write, minimum, (level, message, fields) => {
    const rest = Object.keys(fields).length === 0 ? [] : [JSON.stringify(fields)];
    return [isoTime(now()), level.toUpperCase(), message, ...rest].join('\t');
  });
}

function lineLogger(
  write: (line: string) => void,
  minimum: LogLevel,
  lineOf: (level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>) => string,
): Logger {
  const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
  return {
    log(level, message, fields = {}) {
      if (order.indexOf(level) < order.indexOf(minimum)) return;
      write(`${lineOf(level, message, fields)}\n`);
    },
  };
}
