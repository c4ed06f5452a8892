import { type Readable, Writable } from 'node:stream';
import { type CommandContext, usageError } from '../command.ts';

/**
 * Returns the standard input and output for the messages of a protocol.
 *
 * @param command the name of the command, for the error
 * @param remedy the alternative for the user
 * @throws TypeKroError `cli/usage` when the output of the command is captured.
 */
export function protocolStreams(
  { streams }: CommandContext,
  command: string,
  remedy: string,
): { readonly input: Readable; readonly output: Writable } {
  if (streams === undefined) {
    throw usageError(`${command} speaks over the standard input and output, and there is none here`, remedy);
  }
  const output = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      streams.write(typeof chunk === 'string' ? chunk : chunk.toString('utf8'));
      done();
    },
  });
  return { input: streams.input, output };
}
