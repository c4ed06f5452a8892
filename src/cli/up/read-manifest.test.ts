import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseManifest, readManifest } from './read-manifest.ts';

test.each<[string, Buffer, RegExp, RegExp]>([
  [
    'Latin-1',
    Buffer.from('a: 1\nowner: Müller & Co\n', 'latin1'),
    /^f\.yaml:2:9 cannot be read: .* byte 0xFC .*"Müller"/,
    /iconv -f WINDOWS-1252 -t UTF-8 f\.yaml > utf8-f\.yaml$/,
  ],
  [
    'a byte after characters that replace lost bytes',
    Buffer.concat([Buffer.from('a: \uFFFD\uFFFD '), Buffer.from([0x93]), Buffer.from('x')]),
    /^f\.yaml:1:7 cannot be read: .* byte 0x93 stands here$/,
    /save it as UTF-8/,
  ],
  [
    'a character that ends too early',
    Buffer.from([0x61, 0x3a, 0xc3]),
    /^f\.yaml:1:3 .* byte 0xC3 /,
    /save it as UTF-8/,
  ],
])(
  'a text that is not UTF-8 is refused with the place of the first wrong byte: %s',
  async (_what, bytes, message, remedy) => {
    const folder = mkdtempSync(join(tmpdir(), 'typekro-'));
    try {
      const path = join(folder, 'f.yaml');
      writeFileSync(path, bytes);
      const refused = readManifest(path, 'f.yaml');
      await expect(refused).rejects.toThrow(message);
      await expect(refused).rejects.toMatchObject({ code: 'input/unreadable', remedy: expect.stringMatching(remedy) });
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
])('a file of typekro that is not a manifest names the command that takes it: %s', (kind, what, hint) => {
  const { objects, diagnostics } = parseManifest(JSON.stringify({ schemaVersion: 1, kind }), 'a plan.json');
  expect(objects).toEqual([]);
  expect(diagnostics).toMatchObject([
    { code: 'input/not-an-object', message: `the document is not a Kubernetes object: it is ${what}`, hint },
  ]);
});
