import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommandLine } from '../../../packages/cli/src/adapter.ts';
import { commands } from '../../../packages/cli/src/commands/index.ts';
import { startCli } from '../../support/command.ts';
import { type Mistake, prepare } from './mistake.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The output for a mistake, and its score. */
export interface MistakeOutput {
  readonly code: number | null;
  readonly output: string;
  /**
   * One point each for the place, the reason and the remedy. 0 if the output has a stack trace or the exit code is
   * wrong.
   */
  readonly score: number;
  /** Number of errors. One mistake should cause one error. */
  readonly errors: number;
}

/** Runs the command of a mistake in its own folder, and scores the output. */
export async function runMistake(mistake: Mistake): Promise<MistakeOutput> {
  const { files, place } = prepare(mistake);
  const folder = mkdtempSync(join(tmpdir(), 'typekro-mistake-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const words = commandOf(mistake);
    const { code, output } = needsProcess(mistake)
      ? await runProcess(words, folder)
      : await runHere(words, folder, mistake.env);
    const internal = /internal error|^\s+at .*:\d+:\d+\)?$/m.test(output) || code !== (mistake.exit ?? 3);
    const points = [place, mistake.reason, mistake.remedy].filter((pattern) => pattern.test(output)).length;
    const errors = output.split('\n').filter((line) => /^(?:\S+:\d+:\d+: )?error: /.test(line)).length;
    return { code, output, score: internal ? 0 : points, errors };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Does the command need its own process? True for TypeScript files, which Node loads, and for `up`. */
export function needsProcess(mistake: Mistake): boolean {
  return commandOf(mistake).some((word) => /\.c?ts$/.test(word) || word === 'up');
}

function commandOf(mistake: Mistake): readonly string[] {
  return mistake.command ?? ['validate', ...Object.keys(mistake.files)];
}

/** Runs the built command in a project with the packages that compositions import: typekro and arktype. */
async function runProcess(words: readonly string[], folder: string): Promise<{ code: number | null; output: string }> {
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/typekro'), 'dir');
  symlinkSync(join(ROOT, 'node_modules/arktype'), join(folder, 'node_modules/arktype'), 'dir');
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const { code, stdout, stderr } = await startCli(words, folder).ended;
  return { code, output: `${stdout}${stderr}` };
}

async function runHere(
  words: readonly string[],
  folder: string,
  env: Mistake['env'],
): Promise<{ code: number; output: string }> {
  const lines: string[] = [];
  const print = (text: string): void => void lines.push(text);
  const code = await runCommandLine(commands, '0.0.0', words, {
    cwd: folder,
    env: { ...env },
    print,
    printError: print,
    readInput: () => Promise.resolve(''),
    signal: new AbortController().signal,
  });
  return { code, output: lines.join('\n') };
}
