import { readPrivate } from './cluster-files.ts';

/** The number of log lines that commands show. */
const SHOWN_LINES = 10;

/** Returns the last lines of a log; an empty list when there is no log. */
export function lastLines(path: string): readonly string[] {
  const lines = (readPrivate(path) ?? '').split('\n');
  return lines.filter((line) => line !== '').slice(-SHOWN_LINES);
}
