import { type JsonObject, isJsonObject } from '@typekro/kit/core';
import { type Command, ExitCode } from '../command.ts';
import { registerAnswers } from '../lsp/register-answers.ts';
import { LanguageServer } from '../lsp/language-server.ts';
import { protocolStreams } from '../process/protocol-streams.ts';

/** The maximum length of a message, in bytes. An editor sends a document of 50 MB, which has a warning, as a whole. */
const MAX_MESSAGE_BYTES = 200 * 1024 * 1024;

/** The maximum length of the header of a message, in bytes. */
const MAX_HEADER_BYTES = 8 * 1024;

/** The notifications that have no parameters. */
const BARE: ReadonlySet<unknown> = new Set(['initialized', 'exit']);

/** Is it a notification whose parameters are missing? The library fails for some of them. */
const isUnusable = ({ method, id, params }: JsonObject): boolean =>
  method !== undefined && id === undefined && !BARE.has(method) && (typeof params !== 'object' || params === null);

/** `typekro lsp`: the language server for editors. */
export const lsp: Command = {
  name: 'lsp',
  description:
    'Serves the Language Server Protocol on the standard input and output. An editor starts it. It checks definitions, Graphs, instances and compositions while you type, completes and explains fields and expressions, finds and renames nodes and fields in all files of the workspace, formats, and shows the order of nodes. It needs no cluster. Compositions are loaded only when the client says that the workspace is trusted. docs/editor.md has the settings of editors.',
  positionals: [],
  options: [
    {
      name: 'stdio',
      summary: 'use the standard input and output; the server has no other transport, so the option has no effect',
    },
    {
      name: 'clientProcessId',
      summary:
        "id of the editor's process, which some clients pass; without effect: the server ends when its input ends",
      value: 'pid',
    },
  ],
  examples: [{ command: 'typekro lsp --stdio', summary: 'the command that an editor starts' }],
  async run(context) {
    const remedy = 'let an editor start typekro lsp as a process; docs/editor.md has the settings';
    const { input, output } = protocolStreams(context, 'lsp', remedy);
    const library = await import('../lsp/protocol-library.ts');
    return new Promise((resolve) => {
      const reader = new library.StreamMessageReader(input);
      const writer = new library.StreamMessageWriter(output);
      let server: LanguageServer | undefined;
      const end = (code: number): void => {
        server?.close();
        resolve(code);
      };
      // After a wrong header, the beginning of the next message is unknown.
      const refuse = (problem: string): void => {
        context.printError(`error: the input is not a message of the Language Server Protocol: ${problem}`);
        end(ExitCode.failed);
      };
      const listen = reader.listen.bind(reader);
      reader.listen = (callback) =>
        listen((message) => {
          const content: unknown = message;
          if (!isJsonObject(content)) refuse('the content of a message must be an object');
          else if (isUnusable(content)) server?.report(`${String(content['method'])} without params is ignored`);
          else callback(message);
        });
      reader.onError(({ message }) => refuse(message));
      // The input ends when the client exits or crashes. The notification `exit` ends the server, too.
      input.once('end', () => end(ExitCode.ok)).once('close', () => end(ExitCode.ok));
      context.signal.addEventListener('abort', () => end(ExitCode.interrupted), { once: true });
      const watchDog = { shutdownReceived: false, initialize: () => {}, exit: end };
      const connection = library.createConnection(
        (logger) => library.createProtocolConnection(reader, writer, logger),
        watchDog,
      );
      server = new LanguageServer(connection, library, context);
      registerAnswers(connection, server, library);
      server.listen();
      // The library waits for the end of a header and for all bytes that it announces, and has no option for a limit.
      input.on('data', () => {
        const { numberOfBytes } = Reflect.get(reader, 'buffer') as { readonly numberOfBytes: number };
        if (Reflect.get(reader, 'nextMessageLength') === -1 && numberOfBytes > MAX_HEADER_BYTES)
          refuse(`a header has no end after ${MAX_HEADER_BYTES} bytes`);
        const bytes = Number(Reflect.get(reader, 'nextMessageLength'));
        if (bytes > MAX_MESSAGE_BYTES)
          refuse(`Content-Length is ${bytes}, and at most ${MAX_MESSAGE_BYTES} are allowed`);
      });
    });
  },
};
