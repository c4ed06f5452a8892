import type { Readable } from 'node:stream';
import { addAbortSignal } from 'node:stream';
import { TypeKroError, whyUnreadable } from '@typekro/kit/core';
import { STANDARD_INPUT } from './command.ts';

/**
 * The maximum size of a text, in bytes. It is far above the sum of the objects that a file can hold: without a limit, an
 * endless device or pipe would fill the memory.
 */
export const MAX_TEXT_BYTES = 256 * 1024 * 1024;

/**
 * Reads a stream to its end.
 *
 * @throws Error when the stream fails, or has more than `MAX_TEXT_BYTES`
 */
export async function readWhole(input: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_TEXT_BYTES) throw new Error(`it is longer than ${MAX_TEXT_BYTES / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Reads standard input to its end.
 *
 * @throws TypeKroError `input/unreadable` when it cannot be read, for example after its terminal was closed, or
 *   when it is longer than `MAX_TEXT_BYTES`.
 * @throws AbortError when `signal` aborts first.
 */
export async function readInput(input: Readable, signal: AbortSignal): Promise<Buffer> {
  try {
    return await readWhole(addAbortSignal(signal, input));
  } catch (error) {
    if (signal.aborted) throw error;
    throw new TypeKroError(`${STANDARD_INPUT} cannot be read: ${whyUnreadable(error)}`, {
      code: 'input/unreadable',
      remedy: 'pipe text into the command, or name a file',
      cause: error,
    });
  }
}
