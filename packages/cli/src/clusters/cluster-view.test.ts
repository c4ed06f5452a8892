import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createManualClock, createMovableClock } from '@typekro/cluster';
import { type ClusterView, clusterStatusLines, lastLines, clusterTableLines } from './cluster-view.ts';
import { MAX_MOVE_WORK_MS, moveClock } from './move-clock.ts';

const NOW = Date.parse('2026-01-01T00:10:00Z');
const view: ClusterView = {
  name: 'dev',
  state: 'running',
  url: 'https://127.0.0.1:1',
  startedAt: '2026-01-01T00:00:00Z',
  data: true,
  kubeconfig: '/k',
  log: '/l',
};

test.each([
  ['running', { objects: 3 }],
  ['impaired', { objects: 3, problem: 'the disk is full' }],
  ['no response', { problem: 'no answer in 5 seconds' }],
])('a cluster is shown as "%s" in the list', (word, more) => {
  const [, row = ''] = clusterTableLines([{ ...view, ...more }], NOW);
  expect(row.split(/ {3,}/)[1]).toBe(word);
});

test('the status shows the problem of a running cluster', () => {
  expect(clusterStatusLines({ ...view, objects: 3, problem: 'the disk is full' }, NOW).at(-1)).toBe(
    '  the disk is full',
  );
});

describe('log lines', () => {
  const directory = mkdtempSync(join(tmpdir(), 'typekro-log-'));

  const FATAL = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory';
  const frames = Array.from(
    { length: 20 },
    (_, index) => `${String(index + 1).padStart(2)}: 0xe3d6a1 node::Abort() [node]`,
  );
  const REPORT = [
    '<--- Last few GCs --->',
    '',
    '[18138:0x3b1a1000]   120001 ms: Mark-Compact 4094.6 (4135.7) -> 4094.0 (4137.7) MB',
    '<--- JS stacktrace --->',
    '',
    FATAL,
    '----- Native stack trace -----',
    '',
    ...frames,
  ];

  test.each([
    ['an ordinary log', ['a', '', 'b', ''], ['a', 'b']],
    [
      'a long log',
      Array.from({ length: 12 }, (_, index) => `${index}`),
      ['2', '3', '4', '5', '6', '7', '8', '9', '10', '11'],
    ],
    ['a log of a process without memory', ['a', ...REPORT, ''], ['a', `the process ran out of memory (${FATAL})`]],
    ['a log of two processes', [...REPORT, 'b'], [`the process ran out of memory (${FATAL})`, 'b']],
    [
      'another fatal error',
      ['FATAL ERROR: v8::ToLocalChecked Empty MaybeLocal', ...frames],
      ['FATAL ERROR: v8::ToLocalChecked Empty MaybeLocal'],
    ],
    ['no lines', [], []],
  ])('the last lines of %s', (_, lines, expected) => {
    const path = join(directory, 'log');
    writeFileSync(path, lines.join('\n'), { mode: 0o600 });
    expect(lastLines(path)).toEqual(expected);
  });
});

test('a move of the clock waits at each timer for the work of the controllers', async () => {
  const clock = createMovableClock(createManualClock(0));
  const times: number[] = [];
  clock.setTimer(1000, () => {});
  clock.setTimer(5000, () => {});
  await moveClock({ clock, idle: async () => void times.push(clock.now()) }, 9000, createManualClock());
  expect([times, clock.now()]).toEqual([[0, 1000, 5000], 9000]);
});

test('when the work of a move takes too long, the clock stops, and the error says how far it moved', async () => {
  const clock = createMovableClock(createManualClock(0));
  const machine = createManualClock();
  clock.setTimer(1000, () => {});
  clock.setTimer(5000, () => {});
  const idle = async () => {
    if (clock.now() < 1000) return;
    machine.advance(MAX_MOVE_WORK_MS);
    await new Promise(() => {});
  };
  await expect(moveClock({ clock, idle }, 9000, machine)).rejects.toMatchObject({
    code: 'cluster/clock',
    message: 'the controllers need more than 90 s for the work of 9s: the clock went on by 1s',
    remedy: 'move the clock by the remaining 8s in smaller steps, or with fewer objects that change each minute',
  });
  expect([clock.now(), machine.pending]).toEqual([1000, 0]);
});
