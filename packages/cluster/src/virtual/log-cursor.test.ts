import { expect, test } from 'vitest';
import type { LogLine } from '../pod-logs.ts';
import { type LogOptions, LogCursor } from './log-cursor.ts';

const ALL: LogOptions = {
  tailLines: undefined,
  since: undefined,
  limitBytes: undefined,
  timestamps: false,
  follow: false,
};
const LINES: LogLine[] = [
  { time: 1000, text: 'a\nb\n' },
  { time: 2000, text: '' },
  { time: 3000, text: 'c' },
  { time: 4000, text: '\nd\ne' },
];
const read = (cursor: LogCursor) => Buffer.concat([...cursor.lines()]).toString();
const at = (second: number) => `1970-01-01T00:00:0${second}.000000000Z `;

test.each<[string, Partial<LogOptions>, string]>([
  ['everything', {}, 'a\nb\n\n\nc\n\nd\ne\n'],
  ['no line', { tailLines: 0 }, ''],
  ['a part of the last text', { tailLines: 2 }, 'd\ne\n'],
  ['all of the last text', { tailLines: 3 }, '\nd\ne\n'],
  ['several texts', { tailLines: 6 }, '\n\nc\n\nd\ne\n'],
  ['more lines than there are', { tailLines: 100 }, 'a\nb\n\n\nc\n\nd\ne\n'],
  ['lines since a time', { since: 2500 }, 'c\n\nd\ne\n'],
  ['the last lines since a time', { since: 3500, tailLines: 9 }, '\nd\ne\n'],
  ['a number of bytes', { limitBytes: 3 }, 'a\nb'],
  ['with times', { timestamps: true, tailLines: 4 }, `${at(3)}c\n${at(4)}\n${at(4)}d\n${at(4)}e\n`],
])('a log is read: %s', (_title, options, shown) => {
  expect(read(new LogCursor(LINES, { ...ALL, ...options }))).toBe(shown);
});

test('a text is read in parts, and no character is split', () => {
  const text = `${'x'.repeat(16 * 1024 - 1)}😀${'y'.repeat(20_000)}`;
  const parts = [...new LogCursor([{ time: 0, text }], ALL).lines()];
  expect(parts.map(({ length }) => length)).toEqual([16 * 1024 - 1 + 4, 16 * 1024, 20_001 - 16 * 1024]);
  expect(Buffer.concat(parts).toString()).toBe(`${text}\n`);
});

test('a cursor continues with later lines, and after earlier lines were replaced', () => {
  const lines = [...LINES];
  const cursor = new LogCursor(lines, { ...ALL, tailLines: 1, limitBytes: 20, follow: true });
  const unfollowed = new LogCursor(lines, ALL);
  const replace = (count: number) => {
    lines.splice(0, count, { time: 0, text: 'gone' });
    cursor.replaced(count);
    unfollowed.replaced(count);
  };
  expect(read(cursor)).toBe('e\n');
  lines.push({ time: 0, text: 'f' });
  replace(4);
  expect(read(cursor)).toBe('f\n');
  lines.push({ time: 0, text: 'g' }, { time: 0, text: 'h' });
  replace(3);
  expect(read(cursor)).toBe('gone\nh\n');
  lines.push({ time: 0, text: 'i'.repeat(100) });
  expect([read(cursor), cursor.isAtEnd]).toEqual(['i'.repeat(9), true]);
  expect([unfollowed.isAtEnd, read(unfollowed)]).toEqual([true, '']);
});
