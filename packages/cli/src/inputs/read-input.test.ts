import { closeSync, createReadStream, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { readInput } from './source-text.ts';

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
