import { TypeKroError } from '@typekro/kit/core';
import type { CommandInput } from './command.ts';
import { textOption } from './command.ts';

/**
 * Returns the port in `--port`, or in the option `name`. 0 means a free port. Throws `TypeKroError` `cli/bad-port` for
 * a value that is not a port.
 */
export function portOption(input: CommandInput, name = 'port'): number {
  const text = textOption(input, name) ?? '0';
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new TypeKroError(`--${name} ${text} is not a port`, {
    code: 'cli/bad-port',
    remedy: 'give a number from 1 to 65535, or 0 for a free port',
  });
}
