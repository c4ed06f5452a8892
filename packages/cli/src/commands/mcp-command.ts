import { resolve } from 'node:path';
import { type Command, ExitCode, textOption, usageError } from '../command.ts';
import { statOf } from '../file-paths.ts';
import { loadMcpSdk, mcpSdkImporters } from '../mcp/sdk.ts';
import { createMcpServer } from '../mcp/mcp-server.ts';
import { stdioTransport } from '../mcp/stdio-transport.ts';
import { packageVersion } from '../package-version.ts';
import { protocolStreams } from '../process/protocol-streams.ts';
import { KUBECONFIG_OPTIONS } from '../command-options.ts';

/** `typekro mcp`: offers the read-only commands as tools of the Model Context Protocol. */
export const mcp: Command = {
  name: 'mcp',
  description:
    'Serves the Model Context Protocol on the standard input and output, so that editors and assistants can check definitions, render instances, plan changes and ask why an instance waits. The tools are validate, render, plan, why, tree and explain; each runs the command of its name, and none writes. Files are read only below the working directory, or --root. Needs the package @modelcontextprotocol/sdk.',
  positionals: [],
  options: [
    { name: 'root', summary: 'folder below which files are read; by default the current one', value: 'folder' },
    { name: 'modules', summary: 'read TypeScript and JavaScript files, too: their code runs' },
    ...KUBECONFIG_OPTIONS,
  ],
  examples: [
    {
      command: 'npm install --save-dev @modelcontextprotocol/sdk',
      summary: 'once; then enter the command below in the configuration of the client:',
    },
    { command: 'npx typekro mcp --root graphs', summary: 'the command that an MCP client starts' },
  ],
  async run(context, input) {
    const remedy = 'let an MCP client start typekro mcp as a process';
    const streams = protocolStreams(context, 'mcp', remedy);
    const sdk = loadMcpSdk(mcpSdkImporters(context.cwd));
    const cluster = Object.fromEntries(
      (['kubeconfig', 'context'] as const).flatMap((name) => {
        const value = textOption(input, name);
        // Tools run in the root folder, so a relative path must be resolved here.
        return value === undefined ? [] : [[name, name === 'kubeconfig' ? resolve(context.cwd, value) : value]];
      }),
    );
    const root = resolve(context.cwd, textOption(input, 'root') ?? '.');
    if (statOf(root)?.isDirectory() !== true) {
      throw usageError(`${root} is not a folder that you may read`, 'correct --root, or leave it out');
    }
    const limits = { root, modules: input.options['modules'] === true, cluster };
    const server = createMcpServer(sdk, context, limits, packageVersion());
    const closed = new Promise<void>((done) => {
      streams.input.once('end', done).once('close', done);
      context.signal.addEventListener('abort', () => done(), { once: true });
    });
    await server.connect(stdioTransport(sdk, streams.input, streams.output));
    await closed;
    await server.close();
    return context.signal.aborted ? ExitCode.interrupted : ExitCode.ok;
  },
};
