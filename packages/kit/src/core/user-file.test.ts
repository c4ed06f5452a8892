import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { interruptFiles, openRegularFile, readRegularFile, readUserFile, writeUserFile } from './user-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'typekro-user-file-'));
const file = join(folder, 'file');
writeFileSync(file, 'text');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => interruptFiles(new AbortController().signal));

test('a regular file is read and written, and keeps its mode unless one is given', async () => {
  const path = join(folder, 'written');
  await writeUserFile(path, 'long before', 0o640);
  await writeUserFile(path, 'after');
  expect([String(await readUserFile(path)), String(readRegularFile(path))]).toEqual(['after', 'after']);
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o640);
});

// Windows has neither named pipes in folders nor devices.
describe.skipIf(process.platform === 'win32')('pipes and devices', () => {
  let pipes = 0;
  const makePipe = (): string => {
    const path = join(folder, `pipe${(pipes += 1)}`);
    execFileSync('mkfifo', [path]);
    return path;
  };

  test.each([
    ['a pipe', makePipe, 'ENOTSUP'],
    ['a device', () => '/dev/zero', 'ENOTSUP'],
    ['a folder', () => folder, 'EISDIR'],
    ['nothing', () => join(folder, 'absent'), 'ENOENT'],
  ])('%s is not a regular file', (_title, path, code) => {
    expect(() => readRegularFile(path())).toThrow(expect.objectContaining({ code }));
    expect(() => openRegularFile(path(), constants.O_RDWR)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(`${code}|EACCES`) }),
    );
  });

  test('an endless device is read up to the limit', async () => {
    await expect(readUserFile('/dev/zero', 1024 * 1024)).rejects.toThrow('it is longer than 1 MiB');
    expect(await readUserFile('/dev/null')).toHaveLength(0);
  });

  test('a pipe is read until its writer closes it, also when the writer opens it later', async () => {
    const path = makePipe();
    const read = readUserFile(path);
    const writer = spawn('sh', ['-c', 'seq 1 50000 > "$0"', path]);
    expect((await read).length).toBe(288894);
    await once(writer, 'close');
  });

  test('an interrupt ends the wait for the writer of a pipe', async () => {
    const interrupt = new AbortController();
    interruptFiles(interrupt.signal);
    const read = readUserFile(makePipe());
    interrupt.abort();
    await expect(read).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('a pipe that no program reads is refused, and the other end of a read pipe gets the whole content', async () => {
    const path = makePipe();
    await expect(writeUserFile(path, 'x')).rejects.toMatchObject({ code: 'ENXIO' });
    const end = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const copy = `${path}.copy`;
    const reader = spawn('sh', ['-c', 'cat > "$0"', copy], { stdio: [end, 'ignore', 'ignore'] });
    closeSync(end);
    await writeUserFile(path, 'x'.repeat(1_000_000));
    await once(reader, 'close');
    expect(readFileSync(copy, 'utf8').length).toBe(1_000_000);
  });

  test('an interrupt ends the write of a pipe whose reader does not read', async () => {
    const path = makePipe();
    const end = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const interrupt = new AbortController();
    interruptFiles(interrupt.signal);
    const write = writeUserFile(path, 'x'.repeat(1_000_000));
    interrupt.abort();
    await expect(write).rejects.toMatchObject({ name: 'AbortError' });
    closeSync(end);
  });
});
