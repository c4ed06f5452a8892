import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createManualClock } from '../index.ts';
import { LogFile } from './log-file.ts';

const NOON = Date.parse('2026-01-01T12:00:00Z');
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-audit-'));
  folders.push(folder);
  return folder;
}

describe('the file of an audit log', () => {
  test.each(['audit', 'of-2020-01-01T00-00-00.000'])(
    'in the folder %s, is renamed when it is too large, and old files are removed by number and age',
    (name) => {
      const folder = join(newFolder(), name);
      mkdirSync(folder);
      const path = join(folder, 'audit.log');
      const clock = createManualClock(NOON);
      writeFileSync(join(folder, 'audit-2025-12-01T00-00-00.000.log'), '');
      writeFileSync(join(folder, 'audit-other.log'), '');
      const file = new LogFile(path, { maxSizeMb: 1, maxBackups: 2, maxAgeDays: 3 }, clock);
      const line = 'x'.repeat(700_000);
      file.append(line);
      file.append(line);
      file.append(line);
      expect(readdirSync(folder).toSorted()).toEqual([
        'audit-2026-01-01T12-00-00.000.log',
        'audit-2026-01-01T12-00-00.001.log',
        'audit-other.log',
        'audit.log',
      ]);
      clock.advance(4 * 24 * 3_600_000);
      file.append(line);
      expect(readdirSync(folder).toSorted()).toEqual([
        'audit-2026-01-05T12-00-00.000.log',
        'audit-other.log',
        'audit.log',
      ]);
      file.close();
      file.append('after the end');
      expect(statSync(path).size).toBe(700_001);
    },
  );

  test('is created again after another program has moved it, and after a time in which it could not be opened', () => {
    const folder = newFolder();
    const path = join(folder, 'audit.log');
    const file = new LogFile(path, { maxSizeMb: 1 }, createManualClock(NOON));
    const line = 'x'.repeat(700_000);
    file.append(line);
    renameSync(path, join(folder, 'moved'));
    file.append(line);
    file.append('next');
    expect(readdirSync(folder).toSorted()).toEqual(['audit.log', 'moved']);
    expect(statSync(path).size).toBe(700_006);

    rmSync(folder, { recursive: true });
    expect(() => file.append(line)).toThrow('ENOENT');
    expect(() => file.append(line)).toThrow('ENOENT');
    mkdirSync(folder);
    file.append('again');
    expect(readFileSync(path, 'utf8')).toBe('again\n');
    file.close();
  });

  test('of an earlier process becomes private, and its last line gets a line break', () => {
    const path = join(newFolder(), 'audit.log');
    writeFileSync(path, '{"part', { mode: 0o644 });
    for (const line of ['one', 'two']) {
      const file = new LogFile(path, {}, createManualClock(NOON));
      file.append(line);
      file.close();
    }
    expect(readFileSync(path, 'utf8')).toBe('{"part\none\ntwo\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('that is a symbolic link is refused, and its target is not changed', () => {
    const folder = newFolder();
    writeFileSync(join(folder, 'target'), 'text', { mode: 0o644 });
    symlinkSync(join(folder, 'target'), join(folder, 'link'));
    expect(() => new LogFile(join(folder, 'link'), {}, createManualClock(NOON))).toThrow(
      expect.objectContaining({
        code: 'cluster/audit-log',
        message: expect.stringContaining('it is a symbolic link') as string,
        remedy: 'name the file itself',
      }),
    );
    expect([readFileSync(join(folder, 'target'), 'utf8'), statSync(join(folder, 'target')).mode & 0o777]).toEqual([
      'text',
      0o644,
    ]);
  });
});
