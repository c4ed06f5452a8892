import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { parseLevels, readLevels } from './lint-rules.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-rules-'));
});

const read = (text: string) => {
  writeFileSync(join(cwd, 'levels.yaml'), text);
  return readLevels(cwd, 'levels.yaml');
};

test.each([
  ['', []],
  ['# nothing yet\n', []],
  ['rules:\n', []],
  ['rules: { graph/unused-type: off }\n---\n', [['graph/unused-type', 'off']]],
  [
    'rules:\r\n  trace/*: error\r\n  graph/unused-type: warn\r\n',
    [
      ['trace/*', 'error'],
      ['graph/unused-type', 'warn'],
    ],
  ],
])('the file %j sets the levels %j', async (text, levels) => expect(await read(text)).toEqual(levels));

test.each([
  ['graph/unused-type: off\n', 'levels.yaml:1:1 "graph/unused-type" is not known; the only key of the file is "rules"'],
  ['rules: {}\nrulez: {}\n', 'levels.yaml:2:1 "rulez" is not known; the only key of the file is "rules"'],
  ['rules: {}\n---\nrules: {}\n', 'levels.yaml:3:1 the file may have only one document'],
  ['rules: [a]\n', 'levels.yaml:1:1 holds no rules'],
  ['a\n', 'levels.yaml:1:1 holds no rules'],
])('the file %j is refused: %s', async (text, message) => {
  await expect(read(text)).rejects.toMatchObject({ code: 'lint/bad-config', message });
});

test('a level on the command line with more than one = is refused', () => {
  expect(() => parseLevels('graph/unused-type=off=error')).toThrow(
    '--rule: the level of graph/unused-type is not one of off, warn, error',
  );
});
