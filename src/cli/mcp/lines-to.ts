import { Writable } from 'node:stream';
import type { CommandContext } from '../command.ts';

/**
 * A stream that prints each line with the command's `print`. A line is printed as a document, so that it stays valid
 * JSON: `print` escapes hidden characters in other text, and JSON does not have the escape for a character after
 * U+FFFF.
 */
export function linesTo({ print }: Pick<CommandContext, 'print'>): Writable {
  let rest = '';
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) print(line, 'document');
      done();
    },
  });
}
