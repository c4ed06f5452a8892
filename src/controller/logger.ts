import { isoTime } from '../core/index.ts';

/** How bad a log entry is. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where structured log entries go: a short constant message, and what it is about as fields. */
export interface Logger {
  log(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Says nothing. */
export const silentLogger: Logger = { log: () => undefined };

/** One JSON object per line, as log collectors read them. `write` gets the line with its newline. */
export function jsonLogger(write: (line: string) => void, now: () => number, minimum: LogLevel = 'info'): Logger {
  const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];
  return {
    log(level, message, fields = {}) {
      if (order.indexOf(level) < order.indexOf(minimum)) return;
      write(`${JSON.stringify({ time: isoTime(now()), level, message, ...fields })}\n`);
    },
  };
}
