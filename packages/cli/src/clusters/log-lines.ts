import { readPrivate } from './cluster-files.ts';

/** The number of log lines that commands show. */
const SHOWN_LINES = 10;

/** Matches a line of V8's report about a fatal error that does not say what happened, such as a native frame. */
const REPORT_LINE = /^(?: *\d+: 0x[\da-f]+ |-+ Native stack trace -+|<---.*--->|\[\d+:0x[\da-f]+\] )/;
const OUT_OF_MEMORY = /^FATAL ERROR: .*(?:heap out of memory|allocation failure|heap limit)/i;

/** Returns the last lines of a log; an empty list when there is no log. V8's report is only one line of them. */
export function lastLines(path: string): readonly string[] {
  const lines = (readPrivate(path) ?? '').split('\n');
  return lines
    .filter((line) => line !== '' && !REPORT_LINE.test(line))
    .slice(-SHOWN_LINES)
    .map((line) => (OUT_OF_MEMORY.test(line) ? `the process ran out of memory (${line})` : line));
}
