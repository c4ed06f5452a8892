import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { Diagnostic, JsonObject, KubeObject } from '@typekro/kit/core';
import { objectsOf, parseManifest, readManifest } from './read-manifest.ts';
import { readInput } from './source-text.ts';
import { placedInCall } from './place-in-call.ts';

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

test('standard input is read to its end', async () => {
  const input = new PassThrough();
  const read = readInput(input, new AbortController().signal);
  input.write('one ');
  input.end('two');
  expect((await read).toString()).toBe('one two');
});

test('an interrupt ends the wait for standard input', async () => {
  const interrupt = new AbortController();
  const read = readInput(new PassThrough(), interrupt.signal);
  interrupt.abort();
  await expect(read).rejects.toMatchObject({ name: 'AbortError' });
  await expect(readInput(new PassThrough(), interrupt.signal)).rejects.toMatchObject({ name: 'AbortError' });
});

test.skipIf(process.platform === 'win32')('a failed read of standard input is an error with the reason', async () => {
  const folder = openSync(tmpdir(), 'r');
  try {
    const input = createReadStream('', { fd: folder, autoClose: false });
    await expect(readInput(input, new AbortController().signal)).rejects.toMatchObject({
      code: 'input/unreadable',
      message: 'standard input cannot be read: it is a folder',
    });
  } finally {
    closeSync(folder);
  }
});

test('an endless input is refused', async () => {
  const block = Buffer.alloc(1024 * 1024);
  let blocks = 0;
  const endless = new Readable({
    read() {
      blocks += 1;
      this.push(block);
    },
  });
  await expect(readInput(endless, new AbortController().signal)).rejects.toMatchObject({
    code: 'input/unreadable',
    message: 'standard input cannot be read: it is longer than 256 MiB',
  });
  expect(blocks).toBeLessThan(256 + 10);
});

const IN_TEMPLATE = 'spec.resources[0].template';

/** Code in which `@` marks the position of the call, and `⟦` the expected position. */
const CALLS: readonly (readonly [title: string, path: string, text: string, code?: string])[] = [
  ['a field of an object', `${IN_TEMPLATE}.spec.suspend`, '@job({ name: "a", spec: { suspend: ⟦1 } })'],
  [
    'the name of a field that the kind does not have',
    `${IN_TEMPLATE}.spec.backofLimit`,
    '@job({ name: "a", spec: { ⟦backofLimit: 1 } })',
    'graph/unknown-field',
  ],
  [
    'metadata.name, which a factory takes as name',
    `${IN_TEMPLATE}.metadata.name`,
    '@ConfigMap({ id: "x", name: ⟦"A B" })',
  ],
  ['an element of a list', `${IN_TEMPLATE}.spec.ports[1].port`, '@Service({ ports: [{ port: 80 }, { port: ⟦-1 }] })'],
  ['an element that lacks the field', `${IN_TEMPLATE}.spec.ports[0].name`, '@Service({ ports: [⟦80] })'],
  [
    'a field of an object in a variable',
    `${IN_TEMPLATE}.data.b`,
    'const data: D = { b: ⟦1 }; @ConfigMap({ name, data })',
  ],
  ['a field of a schema in a variable', 'spec.b', 'const Spec = type({ b: ⟦1 }); @f({ spec: Spec }, g)'],
  [
    'the use of a variable that is declared twice',
    `${IN_TEMPLATE}.data.b`,
    'const data = { b: 1 }; { const data = { b: 1 }; @f({ data: ⟦data }); }',
  ],
  ['a field in shorthand notation', `${IN_TEMPLATE}.data`, 'const data = {}; @ConfigMap({ name, ⟦data })'],
  ['a key in quotes', `${IN_TEMPLATE}.metadata.labels["a.b/c"]`, "@ConfigMap({ labels: { 'a.b/c': ⟦'-' } })"],
  ['a field of a spec', 'spec.replicas', '@shop.toInstance({ name: "a", replicas: ⟦-1 })'],
  [
    'a field of the schema of a spec',
    'spec.schema.spec.kind',
    '@kubernetesComposition({ name, spec: type({ kind: ⟦"x" }) }, f)',
  ],
  ['a member of the definition', 'spec.schema.apiVersion', '@toResourceGraph({ name: "a", apiVersion: ⟦"v" }, f)'],
  ['a field of the returned object', 'spec.schema.status.url', 'return @{ ready: true, url: ⟦`${x}` };'],
  [
    'a field after strings, comments and templates',
    'spec.b',
    "@f({ a: '}', /* { */ t: `}${g({ b: 1 }, [2])}`, // }\n r: /[/}]/, b: ⟦2 })",
  ],
  ['a field after a regular expression', 'spec.b', "@f({ a: (x) => { return /'/.test(x); }, b: ⟦2 })"],
  ['a field after a division', 'spec.b', "@f({ a: returns / 2 + x.of / 3, c: '/', b: ⟦2 })"],
  ['a field after a function', 'spec.b', '@f({ a: (x) => { return { b: 1 }; }, b: ⟦2 })'],
  ['the call, if its arguments contain no part of the path', 'spec.c', '⟦@f({ b: 2 })'],
  ['the call, if its argument is a variable', 'spec.c', '⟦@f(options)'],
  ['the call, if the object literal is not closed', 'spec.c', '⟦@f({ b: [ '],
];

const EACH = CALLS.map(([title, path, text, code]) => [title, path, text, code ?? 'input/invalid-field'] as const);

test.each(EACH)('finds the position of %s', (_, path, text, code) => {
  const clean = text.replace('⟦', '');
  const call = place(clean, '@');
  const source = clean.replace('@', '');
  const diagnostic: Diagnostic = { code, severity: 'error', message: '', path, source: { file: 'app.ts', ...call } };
  const placed = placedInCall(diagnostic, source).source;
  expect({ line: placed?.line, column: placed?.column }).toEqual(place(text.replace('@', ''), '⟦'));
});

test('a problem in a YAML file, or at a line that the text does not have, keeps its position', () => {
  const source = { file: 'app.yaml', line: 1, column: 1 };
  const diagnostic: Diagnostic = { code: 'graph/x', severity: 'error', message: '', path: 'a', source };
  expect(placedInCall(diagnostic, '{ a: 1 }')).toBe(diagnostic);
  expect(placedInCall({ ...diagnostic, source: { ...source, file: 'app.ts', line: 9 } }, '{ a: 1 }').source?.line).toBe(
    9,
  );
});

function place(text: string, mark: string): { readonly line: number; readonly column: number } {
  const before = text.slice(0, text.indexOf(mark)).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
