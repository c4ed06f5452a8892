import { describe, expect, it } from 'vitest';
import { KubeError } from './error.ts';
import { isKnownChange, parseWatchLine } from './watch-line.ts';

const object = (extra: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', uid: 'u-a', resourceVersion: '7', ...extra },
});
const line = (type: string, value: unknown) => JSON.stringify({ type, object: value });

describe('isKnownChange', () => {
  it.each<[name: string, text: string, known: boolean]>([
    ['a change that is known', line('MODIFIED', object()), true],
    ['an object that is known', line('ADDED', object()), true],
    ['another version', line('MODIFIED', object({ resourceVersion: '8' })), false],
    ['another object at that version', line('MODIFIED', object({ uid: 'u-b' })), false],
    ['no version', line('MODIFIED', object({ resourceVersion: undefined })), false],
    ['an end', line('DELETED', object()), false],
    ['a bookmark', line('BOOKMARK', object()), false],
    ['an error', line('ERROR', { kind: 'Status', code: 410 }), false],
    ['a second version in the object', line('MODIFIED', { ...object(), spec: { resourceVersion: '7' } }), false],
    [
      'a version in a text of the object, which says nothing',
      line('MODIFIED', object({ resourceVersion: '8', annotations: { last: '{"resourceVersion":"7"}' } })),
      false,
    ],
    [
      'a text that looks like a version beside the real one',
      line('MODIFIED', object({ annotations: { last: '{"resourceVersion":"6"}' } })),
      true,
    ],
    ['spaces, which no server writes', '{"type": "MODIFIED", "object": {"metadata": {"resourceVersion": "7"}}}', false],
    ['a line that was cut', '{"type":"MODIFIED","object":{"metadata":{"uid":"u-a","resourceVersion":"77', false],
  ])('%s', (_name, text, known) => {
    expect(isKnownChange(text, (version) => (version === '7' ? 'u-a' : undefined))).toBe(known);
  });
});

describe('parseWatchLine', () => {
  it.each([
    ['no JSON', '{"type":"ADD', 'a line of the watch is no JSON'],
    ['no event', '{"type":"SOMETHING"}', 'a line of the watch is no watch event'],
    ['no object', '{"type":"ADDED","object":{"kind":"X"}}', 'a watch event holds no object'],
  ])('tells of %s', (_name, text, message) => {
    const entry = parseWatchLine(text);
    expect(entry).toBeInstanceOf(KubeError);
    expect(entry).toMatchObject({ message: expect.stringContaining(message) as unknown });
  });

  it('gives what a line says', () => {
    expect(parseWatchLine(line('DELETED', object()))).toEqual({ type: 'DELETED', object: object() });
  });
});
