import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { GIVEN, HEAD, testFolder } from '../../test-support/graph-test-folder.ts';
import { type JsonObject, yamlLibrary } from '@typekro/kit/core';
import { runCommandLine } from '../adapter.ts';
import { entriesOf } from '../../test-support/run-command.ts';
import { test as testCommand } from '../commands/test-command.ts';

const { cwd, run, write, remove } = testFolder();
afterAll(remove);

const snapshotFile = (file: string) => join(cwd, `${file}.snapshot.yaml`);
const stored = (file: string) =>
  (yamlLibrary().parse(readFileSync(snapshotFile(file), 'utf8')) as { tests: Record<string, JsonObject> }).tests;
const stepsOf = (file: string) =>
  Object.fromEntries(Object.entries(stored(file)).map(([name, steps]) => [name, Object.keys(steps)]));

/** Two tests. The first step of the first test expects `state`. */
const twoTests = (state: string) => `${HEAD}tests:
  - name: one${GIVEN}
    expect: { snapshot: true }
    steps:
      - { patch: { instance: { spec.replicas: 3 } }, expect: { snapshot: true, state: ${state} } }
      - { name: later, expect: { snapshot: true } }
  - name: two${GIVEN}
    expect: { snapshot: true }
`;

test('a failed test keeps the snapshots of the steps that it did not reach', async () => {
  write('kept.test.yaml', twoTests('IN_PROGRESS'));
  expect((await run('test kept.test.yaml --update')).code).toBe(0);
  const all = stored('kept.test.yaml');
  const names = { one: ['start', 'step 1', 'later'], two: ['start'] };
  expect(stepsOf('kept.test.yaml')).toEqual(names);
  write('kept.test.yaml', twoTests('ACTIVE'));
  expect((await run('test kept.test.yaml --update')).code).toBe(1);
  expect(stored('kept.test.yaml')).toEqual(all);
  write('kept.test.yaml', twoTests('ACTIVE').replace('zones: [a, b]', 'replicas: 0'));
  expect((await run('test kept.test.yaml --update')).code).toBe(1);
  expect(stored('kept.test.yaml')).toEqual(all);
  write('kept.test.yaml', twoTests('IN_PROGRESS').replace('name: later, expect: { snapshot: true }', 'name: later'));
  expect((await run('test kept.test.yaml --update')).code).toBe(0);
  expect(stepsOf('kept.test.yaml')).toEqual({ one: ['start', 'step 1'], two: ['start'] });
});

test('a step that fails has no snapshot', async () => {
  write('failed.test.yaml', twoTests('ACTIVE'));
  expect((await run('test failed.test.yaml --update')).code).toBe(1);
  expect(stepsOf('failed.test.yaml')).toEqual({ one: ['start'], two: ['start'] });
});

test.each(['same.test.yaml', 'same.test.yml', 'same.txt', 'same'])('%s has its own snapshot file', async (name) => {
  const text = `${HEAD}tests:\n  - name: in ${name}${GIVEN}\n    expect: { snapshot: true }\n`;
  write(name, text);
  expect(await run(['test', name, '--update'])).toMatchObject({ code: 0, err: '' });
  expect(await run(['test', name])).toMatchObject({ code: 0, err: '' });
  expect(stepsOf(name)).toEqual({ [`in ${name}`]: ['start'] });
  expect(readFileSync(join(cwd, name), 'utf8')).toBe(text);
});

test('a snapshot file that cannot be written is an error, and the test results are still printed', async () => {
  // The file system accepts the name of the test file, and refuses the longer name of the snapshot file.
  const name = `${'n'.repeat(240)}.test.yaml`;
  write(name, `${HEAD}tests:\n  - name: one${GIVEN}\n    expect: { snapshot: true }\n`);
  const { code, out, err } = await run(['test', name, '--update']);
  expect(code).toBe(1);
  expect(out).toContain('1 passed');
  expect(err.replaceAll(name, 'NAME')).toMatchInlineSnapshot(`
    "error: NAME.snapshot.yaml cannot be written: a name in the path is too long [testing/not-written]
      hint: make the file and its folder writable, or run the tests without --update"
  `);
  const data = JSON.parse((await run(['test', name, '--update', '-o', 'json'])).out) as { files: JsonObject[] };
  expect(data.files).toMatchObject([{ diagnostics: [], notWritten: expect.stringContaining('cannot be written') }]);
});

test('a snapshot file is replaced atomically, and keeps its mode', async () => {
  const text = (name: string) => `${HEAD}tests:\n  - name: ${name}${GIVEN}\n    expect: { snapshot: true }\n`;
  write('whole.test.yaml', text('one'));
  await run('test whole.test.yaml --update');
  chmodSync(snapshotFile('whole.test.yaml'), 0o640);
  const before = statSync(snapshotFile('whole.test.yaml'));
  write('whole.test.yaml', text('two'));
  await run('test whole.test.yaml --update');
  const after = statSync(snapshotFile('whole.test.yaml'));
  expect(after.mode).toBe(before.mode);
  expect(after.ino).not.toBe(before.ino);
  expect(stepsOf('whole.test.yaml')).toEqual({ two: ['start'] });
});

test('Ctrl-C in the last file ends the command with the exit code for an interrupt, and writes no snapshots', async () => {
  write('stopped.test.yaml', twoTests('IN_PROGRESS'));
  const stop = new AbortController();
  const out: string[] = [];
  const code = await runCommandLine(entriesOf([testCommand]), '0', ['test', 'stopped.test.yaml', '--update'], {
    cwd,
    env: {},
    print: (text) => {
      out.push(text);
      stop.abort();
    },
    printError: () => {},
    readInput: () => Promise.resolve(''),
    signal: stop.signal,
  });
  expect(code).toBe(130);
  expect(out.join('\n')).toContain(' 1 passed, 1 left out');
  expect(existsSync(snapshotFile('stopped.test.yaml'))).toBe(false);
});
