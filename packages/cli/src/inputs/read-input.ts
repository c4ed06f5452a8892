import type { Readable } from 'node:stream';
import { addAbortSignal } from 'node:stream';
import { readWhole, TypeKroError, whyUnreadable } from '@typekro/kit/core';
import { STANDARD_INPUT } from '../command.ts';

/**
 * Reads standard input to its end.
 *
 * @throws TypeKroError `input/unreadable` when it cannot be read, for example after its terminal was closed, or
 *   when it is too long for `readWhole`.
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
