import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { standInFromFile } from './stand-in-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'typekro-stand-in-'));

function read(text: string) {
  const path = join(folder, 'queues.yaml');
  writeFileSync(path, text);
  return standInFromFile(path);
}

test('a file is a stand-in with the name of the file, and with its own definitions', () => {
  const definition = { kind: 'CustomResourceDefinition', metadata: { name: 'queues.example.com' } };
  const text = `definitions: [${JSON.stringify(definition)}]\nkinds: [{group: example.com, reconcile: []}]`;
  const standIn = read(text);
  expect(standIn.name).toBe('queues');
  expect(standIn.kinds.map(({ group, kind }) => [group, kind])).toEqual([['example.com', undefined]]);
  expect(standIn.definitions?.()).toEqual([definition]);
});

const kind = (members: string) => `kinds: [{group: example.com, ${members}}]`;

test.each<[text: string, message: string]>([
  ['kinds: [', 'queues.yaml": Flow sequence in block collection must be'],
  ['- a', 'must be of type object'],
  ['kinds: [{group: a}]', 'kinds[0].reconcile'],
  [kind('reconcile: [], finaliser: a'), 'queues.yaml: kinds[0].finaliser": this member is not known'],
  [kind('reconcile: [{state: {}}]'), 'queues.yaml: kinds[0].reconcile[0].state": this member is not known'],
  [kind('reconcile: [{status: {a: "${none}"}}]'), 'kinds[0].reconcile[0].status.a": ERROR: <input>:1:1: undeclared'],
  [kind('reconcile: [{status: {a: "${1"}}]'), 'kinds[0].reconcile[0].status.a": unterminated expression'],
  [kind('let: {a: "${b}"}, reconcile: []'), 'kinds[0].let.a": ERROR: <input>:1:1: undeclared'],
  [
    `${kind('reconcile: []')}\nfunctions: {"twice(n)": "\${n + m}"}`,
    'functions.twice": ERROR: <input>:1:5: undeclared',
  ],
])('the file %j is refused with the place: %s', (text, message) => {
  expect(() => read(text)).toThrow(
    expect.objectContaining({ code: 'cluster/invalid-stand-in', message: expect.stringContaining(message) }),
  );
});

test('a file that does not exist is refused', () => {
  expect(() => standInFromFile(join(folder, 'none.yaml'))).toThrow('none.yaml": ENOENT');
});
