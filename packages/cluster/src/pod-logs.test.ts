import { expect, test } from 'vitest';
import type { KubeObject } from '@typekro/kit/core';
import { logKey, PodLogs, PROCESS } from './pod-logs.ts';

const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', uid: 'u' } };
const KEY = logKey(POD, 'c');
const nothing = () => undefined;

test('a log of many short lines is complete', () => {
  const logs = new PodLogs(() => 1);
  for (let line = 1; line <= 25_000; line += 1) logs.write(KEY, String(line));
  expect(logs.read(POD, 'c').length).toBe(25_000);
});

const LIMITS = 'a log of more than 16 million characters is cut to its newest lines, at most 8 million characters';
const lengthOf = (lines: readonly { text: string }[]) => lines.reduce((sum, { text }) => sum + text.length + 64, 0);

test.each([
  ['short', 400_000, 1],
  ['empty', 400_000, 0],
  ['long', 50, 1024 * 1024],
  ['very long', 50, 5_000_000],
])('a log of %s lines keeps the newest lines, and says how many lines it has dropped', (_title, count, length) => {
  const logs = new PodLogs(() => 1);
  for (let line = 1; line < count; line += 1) logs.write(KEY, 'x'.repeat(length));
  logs.write(KEY, 'last');
  const lines = logs.read(POD, 'c');
  expect(lengthOf(lines)).toBeLessThanOrEqual(16_000_000);
  expect(lines.at(-1)?.text).toBe('last');
  expect(lines[0]?.text).toBe(`[typekro: ${count - lines.length + 1} earlier lines are dropped; ${LIMITS}]`);
  logs.begin(KEY);
  logs.write(KEY, 'next run');
  expect(logs.read(POD, 'c').map(({ text }) => text)).toEqual(['next run']);
});

test('a snapshot keeps the number of dropped lines, and the lines of the previous run', () => {
  const logs = new PodLogs(() => 1);
  for (let line = 0; line < 20; line += 1) logs.write(KEY, 'x'.repeat(1_000_000));
  const restored = new PodLogs(() => 1);
  restored.load(logs.dump());
  for (let line = 0; line < 20; line += 1) {
    logs.write(KEY, 'y'.repeat(1_000_000));
    restored.write(KEY, 'y'.repeat(1_000_000));
  }
  expect(restored.read(POD, 'c')[0]).toEqual(logs.read(POD, 'c')[0]);
  expect(restored.previous(POD, 'c')).toBeUndefined();
  logs.begin(KEY);
  restored.load(logs.dump());
  expect(restored.read(POD, 'c')).toEqual([]);
  expect(restored.previous(POD, 'c')).toEqual(logs.previous(POD, 'c'));
});

// Each line counts as 64 characters more than its text.
test.each([
  ['several newest lines fit', [8_000_000, 7_000_000, 936, 998_872], [7_000_000, 936, 998_872]],
  ['only the last line fits completely', [6_000_000, 6_000_000, 5_000_000], [5_000_000]],
  ['the last line is longer than the limit', [9_000_000, 15_000_000], [15_000_000]],
  ['the log has exactly the maximum length', [10_000_000, 5_999_872], [10_000_000, 5_999_872]],
])('a log keeps the expected lines when %s', (_title, lengths, kept) => {
  const logs = new PodLogs(() => 1);
  for (const length of lengths) logs.write(KEY, 'x'.repeat(length));
  const lines = logs.read(POD, 'c').filter(({ text }) => !text.startsWith('[typekro'));
  expect(lines.map(({ text }) => text.length)).toEqual(kept);
});

test('the removal of a pod removes its logs, and keeps the logs of other pods and of the process that the pod presents', () => {
  const logs = new PodLogs(() => 1);
  const shown = { ...POD, metadata: { ...POD.metadata, annotations: { [PROCESS]: 'n/web' } } };
  const other = { ...POD, metadata: { name: 'q', uid: 'uu' } };
  for (const pod of [POD, other, shown]) for (const name of ['c', 'd']) logs.write(logKey(pod, name), 'a line');
  const ended: string[] = [];
  const follow = (pod: KubeObject, name: string): void => {
    const end = () => void ended.push(name);
    logs.follow(pod, name.slice(0, 1), { podUid: pod.metadata.uid ?? '', added: nothing, replaced: nothing, end });
  };
  follow(POD, 'c of the pod');
  follow(shown, 'd of the process, by the pod');
  follow(other, 'd of another pod');
  follow({ ...shown, metadata: { ...shown.metadata, uid: 'uu' } }, 'c of the process, by another pod');
  logs.drop('u');
  expect(ended).toEqual(['c of the pod', 'd of the process, by the pod']);
  expect(logs.dump().map(({ key }) => key)).toEqual(['uu/c', 'uu/d', 'process n/web/c', 'process n/web/d']);
  logs.write(KEY, 'again');
  logs.drop('u');
  expect(logs.read(POD, 'c')).toEqual([]);
});

test('removing the logs of 30,000 pods takes linear time', { timeout: 10_000 }, () => {
  const logs = new PodLogs(() => 1);
  const count = 30_000;
  for (let pod = 0; pod < count; pod += 1) logs.write(`${pod}/c`, 'a line');
  for (let pod = count - 1; pod >= 0; pod -= 1) logs.drop(String(pod));
  expect(logs.dump()).toEqual([]);
});
