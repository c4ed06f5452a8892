import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { objectsOf, parseManifest, readManifest } from './read-manifest.ts';

test.each<[string, Buffer, RegExp, RegExp]>([
  [
    'Latin-1',
    Buffer.from('a: 1\nowner: Müller & Co\n', 'latin1'),
    /^f\.yaml:2:9 cannot be read: .* byte 0xFC .*"Müller"/,
    /iconv -f WINDOWS-1252 -t UTF-8 f\.yaml > utf8-f\.yaml$/,
  ],
  [
    'a byte after replacement characters',
    Buffer.concat([Buffer.from('a: \uFFFD\uFFFD '), Buffer.from([0x93]), Buffer.from('x')]),
    /^f\.yaml:1:7 cannot be read: .* byte 0x93 is here$/,
    /save it as UTF-8/,
  ],
  ['an incomplete character', Buffer.from([0x61, 0x3a, 0xc3]), /^f\.yaml:1:3 .* byte 0xC3 /, /save it as UTF-8/],
])(
  'a file that is not UTF-8 is refused with the position of the first invalid byte: %s',
  async (_what, bytes, message, remedy) => {
    const folder = mkdtempSync(join(tmpdir(), 'typekro-'));
    try {
      const path = join(folder, 'f.yaml');
      writeFileSync(path, bytes);
      const refused = readManifest(path, 'f.yaml');
      await expect(refused).rejects.toThrow(message);
      await expect(refused).rejects.toMatchObject({ code: 'input/unreadable', remedy: expect.stringMatching(remedy) });
      await expect(readManifest(path, 'a b.yaml')).rejects.toMatchObject({
        remedy: expect.stringMatching(/UTF-8 'a b\.yaml' > 'utf8-a b\.yaml'$/),
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test.each([
  ['TypeKroPlan', 'a saved plan', "carry it out: typekro apply 'a plan.json'"],
  ['TypeKroSnapshot', 'a snapshot of a cluster', "plan against it: typekro plan FILE --snapshot 'a plan.json'"],
  ['GraphTest', 'a file of tests', "run it: typekro test 'a plan.json'"],
  ['GraphTestSnapshot', 'a file of snapshots of tests', 'name the definition; typekro test reads this file'],
])('the error for a typekro file that is not a manifest names the command that accepts it: %s', (kind, what, hint) => {
  const { objects, diagnostics } = parseManifest(JSON.stringify({ schemaVersion: 1, kind }), 'a plan.json');
  expect(objects).toEqual([]);
  expect(diagnostics).toMatchObject([
    { code: 'input/not-an-object', message: `the document is not a Kubernetes object: it is ${what}`, hint },
  ]);
});

const withTop = (top: string, metadata = '{name: a}'): string => `${top}\nmetadata: ${metadata}\n`;

test.each<readonly [text: string, message: RegExp, hint: RegExp, line: number]>([
  [
    withTop('apiVersion: 1\nkind: ConfigMap'),
    /^apiVersion is 1, and apiVersion must be a string$/,
    /"apiVersion: v1"/,
    1,
  ],
  [withTop('apiVersion: v1\nkind:'), /^kind has no value$/, /write a string, for example "kind: ConfigMap"/, 2],
  [withTop('apiVersion: v1\nkind: [a]'), /^kind is a list, and kind must be a string$/, /"kind: ConfigMap"/, 2],
  [withTop('apiVersion: v1\nkind: ConfigMap', '{name: 7}'), /^metadata.name is 7, and a name/, /quotes: "7"/, 3],
  [
    withTop('apiVersion: v1\nkind: ConfigMap', '{name: [a]}'),
    /^metadata.name is a list, and a name/,
    /name: example/,
    3,
  ],
  [withTop('apiVersion: v1\nkind: ConfigMap', '{name: }'), /it has no metadata.name$/, /add metadata.name/, 3],
  ['apiVersion: v1\nkind: List\n', /^the document is a List without a list of items$/, /below items:/, 2],
  ['apiVersion: v1\nkind: List\nitems: {}\n', /^the document is a List without a list of items$/, /below items:/, 3],
  ['true', /it is a boolean$/, /apiVersion, kind and metadata/, 1],
])('the problem of a document that is not an object explains the cause: %j', (text, message, hint, line) => {
  const { objects, diagnostics } = parseManifest(text, 'a.yaml');
  expect(objects).toEqual([]);
  expect(diagnostics).toMatchObject([
    { message: expect.stringMatching(message), hint: expect.stringMatching(hint), source: { line } },
  ]);
});

const NAMED = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };

test.each<[string, JsonObject, KubeObject[]]>([
  ['a List', { apiVersion: 'v1', kind: 'List', items: [NAMED, { a: 1 }] }, [NAMED]],
  ['a List without items', { apiVersion: 'v1', kind: 'List' }, []],
  [
    'a List in a List',
    { apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'List', items: [NAMED] }] },
    [],
  ],
  ['the kind List of another group', { apiVersion: 'acme.test/v1', kind: 'List', items: [NAMED] }, []],
  ['an object', NAMED, [NAMED]],
])('a parsed document and its text have the same objects: %s', (_what, document, expected) => {
  expect(objectsOf(document)).toEqual(expected);
  expect(parseManifest(JSON.stringify(document), 'a.yaml').objects.map(({ object }) => object)).toEqual(expected);
});
