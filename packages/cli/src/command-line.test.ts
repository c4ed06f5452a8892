import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandRunner } from '../test-support/run-command.ts';
import { withNegativeValues, withoutAlias } from './command-words.ts';
import { takeConnectionFlags } from './commands/controller-command.ts';
import { parseDuration, timeLimit } from './parse-duration.ts';
import { commands } from './commands/index.ts';
import { isNoFile, isOutside, statOf } from './file-paths.ts';
import { FOREIGN_COMMANDS } from './foreign-commands.ts';
import { optionWords, unknownForm, wordsFromName } from './command-options.ts';
import type { CommandInput } from './command.ts';

test.each([
  ['preview -f app.yaml', 'render app.yaml'],
  ['preview app.yaml --set a=1', 'render app.yaml --set a=1'],
  ['generate crd -f app.yaml', 'types --output crd app.yaml'],
  ['generate instance --file app.yaml', 'types --output instance app.yaml'],
  ['generate diagram app.yaml', 'graph --output mermaid app.yaml'],
  ['generate crds/', 'generate crds/'],
  ['render -f values.yaml', 'render -f values.yaml'],
  ['', ''],
])('the command line "%s" becomes "%s"', (line, expected) => {
  expect(withoutAlias(line.split(' ')).join(' ')).toBe(expected);
});

test.each([
  ['cluster clock dev -1h', 'cluster clock dev -- -1h'],
  ['cluster clock dev -1h --debug', 'cluster clock dev --debug -- -1h'],
  ['cluster clock dev -.5s', 'cluster clock dev -- -.5s'],
  ['wait shop --timeout -1s', 'wait shop --timeout -1s'],
  ['wait shop -t -1s', 'wait shop -t -1s'],
  ['wait shop -- -1s', 'wait shop -- -1s'],
  ['wait -1s -- shop', 'wait -- -1s shop'],
  ['wait shop --sve', 'wait shop --sve'],
  ['wait shop --sve -', 'wait shop --sve -'],
])('%s is read as: %s', (line, expected) => {
  const options = [{ name: 'timeout', short: 't', summary: '', value: 'duration' }];
  expect(withNegativeValues(line.split(' '), { options }).join(' ')).toBe(expected);
});

test.each([
  [[], {}, []],
  [['--kubeconfig', 'a', '--leader-elect'], { path: 'a' }, ['--leader-elect']],
  [['-kubeconfig=a', '--context=b'], { path: 'a', context: 'b' }, []],
  [['--client-qps', '5', '--context', 'x y'], { context: 'x y' }, ['--client-qps', '5']],
  [['--kubeconfigs=a'], {}, ['--kubeconfigs=a']],
])('%j selects the cluster %j and leaves the arguments %j', (args, connection, rest) => {
  expect(takeConnectionFlags(args)).toEqual({ connection, rest });
});

test.each([[['--kubeconfig']], [['--context=']]])('%j is refused', (args) => {
  expect(() => takeConnectionFlags(args)).toThrow(/needs a value/);
});

test.each([
  ['500ms', 500],
  ['90s', 90_000],
  ['90', 90_000],
  ['2m', 120_000],
  ['1h', 3_600_000],
  ['0s', 0],
  ['1.5s', 1500],
  ['1h30m', 5_400_000],
])('%s is %d ms', (text, milliseconds) => {
  expect(parseDuration(text, '--timeout')).toBe(milliseconds);
});

test.each(['', 's', '1d', '99999999999s'])('"%s" is refused with the name of the option', (text) => {
  expect(() => parseDuration(text, '--timeout')).toThrow(/--timeout .* is not a duration/);
});

test('the error for an argument without an option quotes the argument', () => {
  expect(() => parseDuration('5x', '')).toThrow(/^5x is not a duration$/);
});

test.each([
  ['60s', 60_000],
  ['61s', undefined],
])('a maximum of one minute allows one minute, and refuses a longer duration: %s', (text, milliseconds) => {
  const parse = () => parseDuration(text, '--pause', 60_000);
  if (milliseconds === undefined) expect(parse).toThrow(/^--pause 61s is longer than 1m0s$/);
  else expect(parse()).toBe(milliseconds);
});

test.each(['0.5ms', '1ns', '720h', '10000h', '2562047h'])('a time limit of %s does not abort immediately', (text) => {
  expect(timeLimit(parseDuration(text, '--timeout')).aborted).toBe(false);
});

test('a time limit that exceeds the longest timer of Node does not abort early', async () => {
  const [long, short] = [timeLimit(parseDuration('720h', '--timeout')), timeLimit(20)];
  await new Promise((resolve) => short.addEventListener('abort', resolve, { once: true }));
  expect(long.aborted).toBe(false);
});

describe('empty values', async () => {
  const all = await Promise.all(commands.map(({ load }) => load()));

  const cwd = mkdtempSync(join(tmpdir(), 'typekro-empty-'));

  /** Options for which an empty string is a valid value. */
  const EMPTY_OPTIONS = ['render --set', 'test --filter'];

  test('an empty value of an option is refused, and nothing is written', async () => {
    const run = commandRunner(commands, cwd);
    const accepted: string[] = [];
    for (const { name, options, positionals, passThrough } of all) {
      if (passThrough === true) continue;
      const words = positionals.filter(({ required }) => required === true).map(() => 'nothing.yaml');
      for (const option of options.filter(({ value }) => value !== undefined)) {
        if (option.allowsEmpty === true) {
          accepted.push(`${name} --${option.name}`);
          continue;
        }
        const { code, err } = await run([name, ...words, `--${option.name}`, '']);
        expect({ line: `${name} --${option.name}`, code }).toEqual({ line: `${name} --${option.name}`, code: 2 });
        expect(err).toContain(`the value of --${option.name} is empty`);
      }
    }
    expect(accepted.sort()).toEqual(EMPTY_OPTIONS);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('an empty argument is refused, and nothing is written', async () => {
    const run = commandRunner(commands, cwd);
    for (const { name, positionals, passThrough } of all) {
      if (passThrough === true) continue;
      for (const [index, positional] of positionals.entries()) {
        if (positional.allowsEmpty === true) continue;
        const [before, after] = [positionals.slice(0, index), positionals.slice(index + 1)];
        const words = [before, after.filter(({ required }) => required === true)].map((list) =>
          list.map(() => 'nothing.yaml'),
        );
        const { code, err } = await run([name, ...(words[0] ?? []), '', ...(words[1] ?? [])]);
        expect({ name, argument: positional.name, code }).toEqual({ name, argument: positional.name, code: 2 });
        expect(err).toContain(`the argument "${positional.name}" is empty`);
      }
    }
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('completion receives the empty word before the cursor', async () => {
    const { code, out } = await commandRunner(commands, cwd)(['completion', 'candidates', '']);
    expect(code).toBe(0);
    expect(out).toContain('validate');
  });
});

test.each([
  ['app.ts', false],
  ['..app.ts', false],
  ['...', false],
  ['', false],
  ['..', true],
  ['../app.ts', true],
  ['/app.ts', true],
])('the relative path %j leads out of the folder: %j', (path, expected) => {
  expect(isOutside(path)).toBe(expected);
});

test.each([
  ['ENOENT', true],
  ['ENOTDIR', true],
  ['ENAMETOOLONG', true],
  ['ELOOP', true],
  ['EACCES', true],
  ['EPERM', true],
  ['EIO', false],
  ['EMFILE', false],
])('the error %s means that the path has no file that this user may reach: %j', (code, expected) => {
  expect(isNoFile(Object.assign(new Error(code), { code }))).toBe(expected);
});

test.skipIf(process.platform === 'win32')('statOf returns undefined for a path without a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'file-paths-'));
  try {
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('loop', join(folder, 'loop'));
    expect(statOf(join(folder, 'file'))?.isFile()).toBe(true);
    for (const name of ['none', 'loop', join('file', 'inside'), 'a'.repeat(1000)]) {
      expect(statOf(join(folder, name)), name).toBeUndefined();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('each command of another tool has one hint, and none is also a command of typekro', () => {
  const own = new Set(commands.map(({ name }) => name));
  expect(own.size).toBeGreaterThan(10);
  expect(FOREIGN_COMMANDS.filter((word) => own.has(word))).toEqual([]);
  expect(new Set(FOREIGN_COMMANDS).size).toBe(FOREIGN_COMMANDS.length);
});

test.each([
  ['apply a.yaml', 'apply a.yaml'],
  ['--debug apply a.yaml', 'apply a.yaml'],
  ['--debug --debug apply a.yaml --debug', 'apply a.yaml --debug'],
  ['--debug --debug', ''],
])('the words of "%s" from the command name on are "%s"', (line, rest) => {
  expect(wordsFromName(line.split(' ')).join(' ')).toBe(rest);
});

test.each([
  ['yaml', ['typescript', 'jsonschema', 'crd'], 'choose one: --output typescript, jsonschema or crd'],
  ['xml', ['text', 'json', 'sarif'], 'choose one: --output text, json or sarif'],
  ['jsno', ['text', 'json', 'yaml'], 'did you mean --output json?'],
  ['JSON', ['text', 'json', 'yaml'], 'did you mean --output json?'],
])('the error for --output %s has a remedy that names formats of %j', (given, forms, remedy) => {
  expect(unknownForm(given, forms)).toMatchObject({
    code: 'cli/usage',
    message: `--output ${given} is not one of ${forms.join(', ')}`,
    remedy,
  });
});

const SPECS = [
  { name: 'namespace', summary: '', value: 'name', defaultValue: 'kro-system' },
  { name: 'remove', summary: '' },
  { name: 'context', summary: '', value: 'name' },
];

test.each<[options: CommandInput['options'], words: string[]]>([
  [{}, []],
  [{ namespace: 'kro-system', remove: undefined }, []],
  [
    { context: 'a b', remove: true, namespace: 'platform', other: 'x' },
    ['--namespace', 'platform', '--remove', '--context', "'a b'"],
  ],
])('the options %j are repeated as %j', (options, words) => {
  expect(optionWords(SPECS, { options })).toEqual(words);
});
