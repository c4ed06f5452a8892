#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { runCommandLine } from './adapter.ts';
import type { CommandContext } from './command.ts';
import { commands } from './commands/index.ts';

/** The version of the package, from its own manifest. */
function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

/** The first Ctrl-C asks for an orderly end, the second one ends the process at once. */
function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', stop);
  return controller.signal;
}

/** Writes to a stream; a reader that went away (`| head`) ends us quietly. */
function writer(stream: NodeJS.WriteStream): (text: string) => void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  return (text) => {
    stream.write(text);
  };
}

const out = writer(process.stdout);
const err = writer(process.stderr);
const context: CommandContext = {
  cwd: process.cwd(),
  env: process.env,
  signal: interruptSignal(),
  print: (text) => out(`${text}\n`),
  printError: (text) => err(`${text}\n`),
  ...(process.stdout.isTTY && process.env['TERM'] !== 'dumb'
    ? {
        terminal: {
          get columns() {
            return process.stdout.columns;
          },
          get rows() {
            return process.stdout.rows;
          },
          write: out,
        },
      }
    : {}),
};

void runCommandLine(commands, packageVersion(), process.argv.slice(2), context).then((code) => {
  // Sockets and watches are closed by now; whatever is left must not keep a finished command alive.
  process.exit(code);
});
