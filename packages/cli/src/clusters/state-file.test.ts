import { expect, test } from 'vitest';
import type { ClusterSnapshot } from '@typekro/cluster';
import { cryptoLibrary } from '@typekro/kit/core';
import { parseStateFile, stateLines } from './state-file.ts';

const object = (name: string, resourceVersion: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', resourceVersion },
  ...more,
});

const SNAPSHOT: ClusterSnapshot = {
  resourceVersion: '12',
  collections: [
    { group: '', plural: 'configmaps', items: [object('a', '1', { data: { a: 'ü\n' } }), object('b', '2')] },
    { group: 'acme.test', plural: 'boats', items: [object('c', '3', { spec: { max: 9223372036854775807n } })] },
  ],
  logs: [{ key: 'k', lines: [{ time: 1, text: 'hello' }] }],
};
const ORIGIN = { cluster: 'dev', kubernetesVersion: '1.36', takenAt: '2026-01-01T00:00:00Z' };
const TEXT = [...stateLines(SNAPSHOT, ORIGIN)].join('');

const parse = (text: string) => parseStateFile(Buffer.from(text), 'a.jsonl', '1.36');

/** Returns the lines, followed by a correct checksum line. */
function signed(...lines: readonly string[]): string {
  const text = lines.map((line) => `${line}\n`).join('');
  return `${text}{"sha256":"${cryptoLibrary().createHash('sha256').update(text).digest('hex')}"}\n`;
}
const HEAD = (TEXT.split('\n')[0] ?? '').replace('"objects":3', '"objects":1');
const lineOf = (value: object) => JSON.stringify({ group: '', plural: 'configmaps', object: value });

test('a snapshot is read as it was written, including large integers', () => {
  const { head, snapshot } = parse(TEXT);
  expect(snapshot).toEqual(SNAPSHOT);
  expect(head).toEqual({ schemaVersion: 1, kind: 'TypeKroClusterState', ...ORIGIN, resourceVersion: '12', objects: 3 });
  expect(parse(signed(HEAD, lineOf(object('a', '1')))).snapshot.collections).toHaveLength(1);
});

test('a file that is cut at any byte, or has any byte changed, is refused', () => {
  const bytes = Buffer.from(TEXT);
  for (let length = 0; length < bytes.length; length += 1) {
    expect(() => parseStateFile(bytes.subarray(0, length), 'a.jsonl', '1.36'), `cut at ${length}`).toThrow(/a\.jsonl/);
    const changed = Buffer.from(bytes);
    changed[length] = (changed[length] ?? 0) ^ 1;
    expect(() => parseStateFile(changed, 'a.jsonl', '1.36'), `changed at ${length}`).toThrow(/a\.jsonl/);
  }
});

test.each([
  ['an empty file', '', 'is not a snapshot of a cluster'],
  ['another text', 'hello\n', 'is not a snapshot of a cluster'],
  ['a snapshot for plans', '{"schemaVersion":1,"kind":"TypeKroSnapshot"}\n', 'a snapshot for plans'],
  ['a later format', signed('{"schemaVersion":2,"kind":"TypeKroClusterState"}'), 'has format 2'],
  ['a snapshot of another Kubernetes', signed(HEAD.replace('1.36', '1.99')), 'is a snapshot of Kubernetes 1.99'],
  ['a head without members', signed('{"schemaVersion":1,"kind":"TypeKroClusterState"}'), 'is damaged'],
  ['a head with another number of objects', signed(HEAD), 'is damaged'],
  ['an object without a name', signed(HEAD, lineOf({ ...object('a', '1'), metadata: {} })), 'is damaged'],
  ['an object whose version is not a number', signed(HEAD, lineOf(object('a', 'x'))), 'is damaged'],
  ['an object that is too deep', signed(HEAD, lineOf(object('a', '1', { spec: deep(600) }))), 'is damaged'],
  ['more lines after the checksum', `${TEXT}{}\n`, 'is damaged'],
])('%s is refused', (_what, text, message) => {
  expect(() => parse(text)).toThrow(message);
});

function deep(depth: number): object {
  return depth === 0 ? {} : { a: deep(depth - 1) };
}
