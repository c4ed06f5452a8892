import { dirname, basename } from 'node:path';
import { pathOfFileUrl } from '@typekro/kit/core';
import { LENS_COMMANDS } from '@typekro/editor';
import { type Command, type CommandContext, usageError } from '../command.ts';
import { printFailure } from '../print-failure.ts';

/** Maps the id of a code lens to the loader of its command. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  [LENS_COMMANDS.graph]: () => import('../commands/graph-command.ts').then(({ graph }) => graph),
  [LENS_COMMANDS.render]: () => import('../commands/render-command.ts').then(({ render }) => render),
  [LENS_COMMANDS.plan]: () => import('../commands/plan-command.ts').then(({ plan }) => plan),
};

/** The result of a command that the server ran for a client. */
export interface LensResult {
  readonly exitCode: number;
  /** What the command prints. */
  readonly text: string;
}

/**
 * Runs the command of a lens for a saved file, and returns its output.
 *
 * @param argument the URI of the file
 * @param lensOptions can set the format of a picture: `{output: 'svg'}`
 * @throws TypeKroError `cli/usage` for an unknown command, and for a document that is not a YAML or JSON file
 */
export async function runLens(
  name: string,
  argument: unknown,
  outer: CommandContext,
  lensOptions?: unknown,
): Promise<LensResult> {
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  const path = typeof argument === 'string' ? pathOfFileUrl(argument) : undefined;
  // Modules are refused, because only `traceModule` may run code: with limits, and in trusted workspaces.
  const isManifest = path !== undefined && /\.(?:ya?ml|json)$/i.test(path);
  if (load === undefined || !isManifest) {
    throw usageError(
      load === undefined ? `there is no command ${name}` : `${name} takes the URI of a YAML or JSON file`,
      `the commands are ${Object.keys(COMMANDS).join(', ')}`,
    );
  }
  const lines: string[] = [];
  const print = (text: string): void => void lines.push(text);
  const { env, signal } = outer;
  const context: CommandContext = {
    cwd: dirname(path),
    env,
    signal,
    print,
    printError: print,
    readInput: () => Promise.resolve(''),
  };
  const command = await load();
  const output = (lensOptions as { readonly output?: unknown } | null | undefined)?.output;
  const options = Object.fromEntries(
    command.options.map(({ name: option, defaultValue, choices }) => {
      const isChosen = option === 'output' && typeof output === 'string' && choices?.includes(output) === true;
      return [option, isChosen ? output : defaultValue];
    }),
  );
  const exitCode = await command
    .run(context, { positionals: [basename(path)], options })
    .catch((error: unknown) => printFailure(error, context));
  return { exitCode, text: lines.join('\n') };
}
