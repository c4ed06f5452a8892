import type { Readable } from 'node:stream';
import { addAbortSignal } from 'node:stream';
import { TypeKroError, whyUnreadable } from '@typekro/kit/core';
import { STANDARD_INPUT } from './command.ts';

/**
 * Reads standard input to its end.
 *
 * @throws TypeKroError `input/unreadable` when it cannot be read, for example after its terminal was closed.
 * @throws AbortError when `signal` aborts first.
 */
export async function readInput(input: Readable, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of addAbortSignal(signal, input) as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch (error) {
    if (signal.aborted) throw error;
    throw new TypeKroError(`${STANDARD_INPUT} cannot be read: ${whyUnreadable(error)}`, {
      code: 'input/unreadable',
      remedy: 'pipe text into the command, or name a file',
      cause: error,
    });
  }
  return Buffer.concat(chunks);
}
