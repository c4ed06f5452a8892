import { isoTime, printableDocument, TypeKroError } from '@typekro/kit/core';

/** The severity of a log entry. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Receives structured log entries: a short constant message, with the details as fields. */
export interface Logger {
  log(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** Discards all entries. */
export const silentLogger: Logger = { log: () => undefined };

/**
 * Logs the errors of an HTTP interface of this process. The client gets the same message without the stack.
 *
 * @returns a function of the error, and of the method and path of the request
 */
export const failureLogger =
  (logger: Logger) =>
  (error: unknown, request: string): void => {
    const { message, code } = TypeKroError.from(error, { code: 'controller/unexpected' });
    const stack = error instanceof Error && !(error instanceof TypeKroError) ? { stack: error.stack } : {};
    logger.log('error', 'a request failed', { request, error: message, code, ...stack });
  };

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
      write(`${printableDocument(lineOf(level, message, fields))}\n`);
    },
  };
}
