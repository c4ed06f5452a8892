import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LogFile } from './state-log.ts';

let directory = '';
let log: LogFile;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'typekro-log-'));
  writeFileSync(join(directory, 'state.jsonl'), '');
  log = new LogFile(join(directory, 'log.jsonl'), join(directory, 'state.jsonl'));
});
afterEach(() => {
  log.close();
  rmSync(directory, { recursive: true, force: true });
});

test('a log that could not be opened refuses lines until it can be opened', () => {
  expect(() => log.append('first\n')).toThrow('is not open');
  log.continueAt(0);
  log.append('first\n');
  rmSync(directory, { recursive: true });
  expect(() => log.continueAt(0)).toThrow('ENOENT');
  expect(() => log.append('second\n')).toThrow('is not open');
});

test('a closed log drops lines', () => {
  log.continueAt(0);
  log.append('first\n');
  log.close();
  log.append('second\n');
  log.continueAt(0);
  expect(readFileSync(log.path, 'utf8')).toBe('first\n');
});
