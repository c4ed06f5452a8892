import { isoTime } from '../core/index.ts';

/** The severity of a log entry. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Takes structured log entries: a short constant message, with the details as fields. */
export interface Logger {
  log(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Discards all entries. */
export const silentLogger: Logger = { log: () => undefined };

/** One JSON object per line, as log collectors read them. `write` gets the line with its newline. */
export function jsonLogger(write: (line: string) => void, now: () => number, minimum: LogLevel = 'info'): Logger {
  return lineLogger(write, minimum, (level, message, fields) =>
    JSON.stringify({ time: isoTime(now()), level, message, ...fields }),
  );
}

/** Lines for people, with tabs between time, level, message and, as JSON, the fields. */
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
