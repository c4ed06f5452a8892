import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { platform, tmpdir } from 'node:os';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  interruptFiles,
  openRegularFile,
  pathOfFileUrl,
  readRegularFile,
  readUserFile,
  writeUserFile,
} from './user-file.ts';
import { homeDirectory } from './home-directory.ts';
import { makeDirectory } from './make-directory.ts';

const root = fileURLToPath(new URL('../../../../packages', import.meta.url));

/**
 * Matches expressions that depend on the module's own path. In a bundle these expressions have another value, or none.
 */
const FROM_THE_PLACE = /\bimport\.meta\b|\b__dirname\b|\b__filename\b|\brequire\.resolve\b|new Worker\(/;

/** Modules that no bundle contains. A bundle has replacements for some, and a host loads the others by path. */
const NEVER_BUNDLED = [
  'kit/src/core/assets.ts',
  'kit/src/core/late-libraries.ts',
  'sdk/src/transform/load.ts',
  'sdk/src/transform/register.ts',
];

test('only modules that no bundle contains use their own path', () => {
  const found = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.startsWith('dashboard/src/client'))
    .filter((file) => !file.includes('/test-support/'))
    .filter((file) =>
      FROM_THE_PLACE.test(readFileSync(join(root, file), 'utf8').replaceAll(/^\s*(?:\/?\*|\/\/).*$/gm, '')),
    );
  // Code that reads a file of the package belongs in `core/assets.ts`. Code that loads a library late belongs in
  // `core/late-libraries.ts`.
  expect(found.map((file) => file.replaceAll('\\', '/')).toSorted()).toEqual(NEVER_BUNDLED);
});

test.each([
  ['file:///app/a%20b.ts', '/app/a b.ts'],
  ['file:/app/a.ts', '/app/a.ts'],
  ['file://localhost/app/a.ts', '/app/a.ts'],
  ['file://server/a.ts', undefined],
  ['file:///a%2Fb.ts', undefined],
  ['file://[a.ts', undefined],
  ['https://example.com/a.ts', undefined],
  ['/app/a.ts', undefined],
])('the path of %s is %s', (url, path) => {
  expect(pathOfFileUrl(url)).toBe(path);
});

describe('home directory', () => {
  afterEach(() => vi.unstubAllEnvs());

  test('an absolute path in the environment is the home directory', () => {
    expect(homeDirectory({ HOME: '/home/me' }, 'linux')).toBe('/home/me');
  });

  test.each(['', 'relative', './here', undefined])(
    'with HOME=%j, the result is the home directory of the system',
    (home) => {
      vi.stubEnv('HOME', home);
      expect(isAbsolute(homeDirectory({ HOME: home }, 'linux'))).toBe(true);
    },
  );
});

describe('making a directory', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'typekro-make-'));
    writeFileSync(join(folder, 'file'), '');
    symlinkSync('nowhere', join(folder, 'dangling'));
  });

  test('makes missing parents, and does nothing when the directory exists', () => {
    const path = join(folder, 'a/b/c');
    makeDirectory(path, 0o700);
    makeDirectory(path);
    expect(statSync(path).isDirectory()).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  test.each([
    ['a file in its place', 'file', 'ENOTDIR'],
    ['a file above it', 'file/a/b', 'ENOTDIR'],
    ['a link without a target', 'dangling/a', 'EEXIST'],
    ['a name that is too long', `${'a'.repeat(300)}/b`, 'ENAMETOOLONG'],
  ])('%s is refused', (_what, name, code) => {
    expect(() => makeDirectory(join(folder, name))).toThrow(expect.objectContaining({ code }) as Error);
  });

  test.runIf(platform() === 'linux')(
    'fails, and does not repeat forever, below a directory that reports ENOENT for every new name',
    () => {
      for (const path of ['/proc/typekro', '/proc/typekro/a/b']) expect(() => makeDirectory(path)).toThrow(/ENOENT/);
    },
  );
});

describe('user file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'typekro-user-file-'));
  const file = join(folder, 'file');
  writeFileSync(file, 'text');
  afterEach(() => interruptFiles(new AbortController().signal));

  test('a regular file is read, and content is appended', async () => {
    const path = join(folder, 'written');
    writeFileSync(path, 'before, ');
    await writeUserFile(path, 'after');
    expect([String(await readUserFile(path)), String(readRegularFile(path))]).toEqual(Array(2).fill('before, after'));
  });

  test('many files are read at the same time without a warning of Node', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    interruptFiles(new AbortController().signal);
    await Promise.all(Array.from({ length: 20 }, () => readUserFile(file)));
    process.off('warning', note);
    expect(warnings).toEqual([]);
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
      await expect(readUserFile('/dev/zero', 2 ** 30)).rejects.toThrow('it is longer than 16 MiB');
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
      // The program waits in its `open` for the writer. The other end, which reads nothing, makes the writer begin.
      const reader = spawn('sh', ['-c', 'cat < "$0" > "$1"', path, copy], { stdio: 'ignore' });
      const ended = once(reader, 'close');
      await writeUserFile(path, 'x'.repeat(1_000_000));
      closeSync(end);
      await ended;
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
});
