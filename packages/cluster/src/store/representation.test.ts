import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { withReadDefaults } from '../crd/custom-defaults.ts';
import { Representation } from './representation.ts';
import { shareUnchanged } from '../types/share-unchanged.ts';
import { Store } from './store.ts';
import { Stored } from './stored.ts';
import { copyJson, deepFreeze } from '../types/parts.ts';

const object = (version: number, parts: JsonObject, entries: JsonObject[] = []): KubeObject => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: {
    name: 'ä',
    annotations: { note: 'ü'.repeat(200) },
    managedFields: entries,
    resourceVersion: `${version}`,
  },
  ...parts,
});

const AS_STORED = { isConverted: () => false, fromStorage: (same: KubeObject) => same };
const read = (form: Representation) => form.bytes.toString();

test('the bytes are the JSON of the object, whichever parts are copied from the previous version', () => {
  const parts = fc.dictionary(fc.constantFrom('spec', 'data', 'status'), fc.jsonValue(), {
    maxKeys: 3,
  }) as fc.Arbitrary<JsonObject>;
  fc.assert(
    fc.property(fc.array(fc.record({ parts, isRead: fc.boolean() }), { minLength: 1, maxLength: 6 }), (turns) => {
      const collection = new Store().collection('', 'configmaps');
      let last: KubeObject | undefined;
      for (const [version, turn] of turns.entries()) {
        const next = object(version, turn.parts, [{ manager: 'x'.repeat(200) }]);
        const shared = shareUnchanged(last as JsonObject | undefined, copyJson(next));
        const stored = collection.put('a', shared);
        last = stored.object;
        if (turn.isRead) expect(read(stored.as(AS_STORED))).toBe(JSON.stringify(stored.object));
      }
      const stored = collection.get('a');
      expect(stored === undefined ? undefined : read(stored.as(AS_STORED))).toBe(JSON.stringify(last));
    }),
  );
});

test('the bytes of shared parts are copied from the previous representation, which then releases its bytes', () => {
  const data = { text: 'x'.repeat(1000) };
  const before = new Representation(deepFreeze(object(1, { data })));
  const first = before.bytes;
  const after = new Representation(object(2, { data }), before);
  expect(read(after)).toBe(JSON.stringify(after.object));
  expect(before.bytesOf(data)).toBeUndefined();
  expect(after.bytesOf(data)?.toString()).toBe(JSON.stringify(data));
  expect(before.bytes).not.toBe(first);
  expect(read(before)).toBe(JSON.stringify(before.object));
});

test('handOver of a representation without bytes returns its predecessor, but only once', () => {
  const data = { text: 'x'.repeat(1000) };
  const first = new Representation(object(1, { data }));
  expect(first.bytes.length).toBeGreaterThan(1000);
  const unread = new Representation(object(2, { data }), first);
  expect(unread.handOver()).toBe(first);
  expect(unread.handOver()).toBeUndefined();
});

test('bodyStart is the offset after kind and apiVersion', () => {
  const form = new Representation(object(1, { data: {} }));
  expect(form.bytes.toString('utf8', 0, form.bodyStart)).toBe('{"kind":"ConfigMap","apiVersion":"v1",');
});

test('a form with defaults that are longer than a stored object is created for each reader, and not kept', () => {
  const schema = { properties: { list: { items: { properties: { d: { default: 'x'.repeat(1000) } } } } } };
  const version = {
    isConverted: () => false,
    fromStorage: (stored: KubeObject) => withReadDefaults(schema, stored) as KubeObject,
  };
  const stored = (items: number) => new Stored('a', object(1, { list: Array.from({ length: items }, () => ({})) }), 1);
  const [short, long] = [stored(10), stored(2000)];
  expect(short.as(version)).toBe(short.as(version));
  expect(long.as(version)).not.toBe(long.as(version));
  expect(long.as(AS_STORED)).toBe(long.as(AS_STORED));
  expect(long.as(version)).not.toBe(long.as(version));
  expect(read(long.as(version))).toHaveLength(read(long.as(AS_STORED)).length + 2000 * (1000 + '"d":""'.length));
});

test('the oldest bytes of large objects are dropped when all are more than 128 MiB', () => {
  const form = (index: number) => new Representation(object(index, { data: { text: 'x'.repeat(2 ** 20) } }));
  const forms = Array.from({ length: 130 }, (_, index) => form(index));
  const hasBytes = (each?: Representation) => each?.bytesOf(each.object['data'] as JsonObject) !== undefined;
  for (const each of forms) expect(each.bytes.length).toBeGreaterThan(2 ** 20);
  expect([hasBytes(forms[0]), hasBytes(forms.at(-1))]).toEqual([false, true]);
  expect(read(form(0))).toBe(read(forms[0] ?? form(1)));
});
