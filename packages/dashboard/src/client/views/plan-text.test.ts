import { describe, expect, test } from 'vitest';
import type { InstanceDetail } from '@typekro/controller/inspect';
import { createFileReader, isStale, joinFiles } from './plan-text.ts';
import { brightBoxes, keepBeforeDeletion } from './instance-view.tsx';

test.each([
  [[{ name: 'a.yaml', text: 'a: 1' }], { name: 'a.yaml', text: 'a: 1' }],
  [
    [
      { name: 'a.yaml', text: 'a: 1\n' },
      { name: 'b.json', text: '{"b":2}' },
    ],
    { name: '2 files', text: 'a: 1\n\n---\n{"b":2}', files: ['a.yaml', 'b.json'] },
  ],
])('the files %j are joined into one string', (files, joined) => {
  expect(joinFiles(files)).toEqual(joined);
});

test.each([
  ['the same text', { name: 'a', text: 'x' }, false],
  ['a changed text', { name: 'a', text: 'xy' }, true],
  ['another file with the same text', { name: 'b', text: 'x' }, true],
])('a result is out of date unless the same file is shown with the same text: %s', (_title, shown, stale) => {
  expect(isStale({ name: 'a', text: 'x' }, shown)).toBe(stale);
});

describe('of files that the user gives one after the other', () => {
  /** A file whose read ends when the test decides. */
  const slow = (name: string) => {
    let resolve = (_text: string): void => {};
    let reject = (_error: Error): void => {};
    const text = new Promise<string>((done, failed) => {
      resolve = done;
      reject = failed;
    });
    return { file: { name, text: () => text } as File, resolve, reject };
  };

  test('the last one is shown, even if the read of an earlier one ends later', async () => {
    const read = createFileReader();
    const [first, last] = [slow('a.yaml'), slow('b.yaml')];
    const [shownFirst, shownLast] = [read([first.file]), read([last.file])];
    last.resolve('b');
    expect(await shownLast).toEqual({ name: 'b.yaml', text: 'b' });
    first.resolve('a');
    expect(await shownFirst).toBeUndefined();
  });

  test('an earlier one that cannot be read causes no message', async () => {
    const read = createFileReader();
    const [first, last] = [slow('a.yaml'), slow('b.yaml')];
    const [shownFirst, shownLast] = [read([first.file]), read([last.file])];
    first.reject(new DOMException('a folder'));
    expect(await shownFirst).toBeUndefined();
    last.reject(new DOMException('a folder'));
    await expect(shownLast).rejects.toThrow('a folder');
  });
});

const boxes = [
  { id: 'a', members: ['a'] },
  { id: 'group', members: ['b', 'c'] },
  { id: 'd', members: ['d'] },
];

test.each([
  ['no chain', [], undefined],
  ['a chain', [{ nodes: ['a'] }], ['a']],
  ['a chain through a group', [{ nodes: ['c', 'd'] }], ['group', 'd']],
  ['two chains', [{ nodes: ['a'] }, { nodes: ['d'] }], ['a', 'd']],
])('brightBoxes returns the boxes that contain nodes of the chains: %s', (_title, chains, expected) => {
  const bright = brightBoxes(boxes, chains);
  expect(bright === undefined ? undefined : [...bright]).toEqual(expected);
});

const detail = (deletedAt?: string): InstanceDetail =>
  ({ instance: deletedAt === undefined ? {} : { deletedAt }, nodes: [] }) as unknown as InstanceDetail;

test('the last state before the deletion stays during the deletion and after it', () => {
  const [first, second, leaving] = [detail(), detail(), detail('2026-01-02T03:04:05Z')];
  const kept = [first, second, leaving, undefined, detail('2026-01-02T03:04:05Z')].reduce(
    keepBeforeDeletion,
    undefined,
  );
  expect(kept).toBe(second);
});

test('the state of an instance that is first read during its deletion stays, until a new instance has its name', () => {
  const [leaving, made] = [detail('2026-01-02T03:04:05Z'), detail()];
  const kept = keepBeforeDeletion(undefined, leaving);
  expect(kept).toBe(leaving);
  expect(keepBeforeDeletion(kept, made)).toBe(made);
});
