/**
 * The program of the container image: only the command `controller`, with `--help` and `--version`. `scripts/image.mjs`
 * bundles it with its libraries. The parts that most controllers never need (the dashboard, help) are loaded on demand.
 */
// The module is imported for its side effect, which must happen first.
// oxlint-disable-next-line import/no-unassigned-import
import './controller-heap.ts';
import type { CommandEntry } from '../command.ts';
import { controller } from '../commands/controller-command.ts';
import { packageVersion } from '../package-version.ts';
import { runControllerWords } from '../run-controller-words.ts';
import { runProcess } from '../process/run-process.ts';
import { wantsHelp } from '../command-words.ts';

const COMMANDS: readonly CommandEntry[] = [
  { name: controller.name, summary: 'serve definitions in a cluster', load: () => Promise.resolve(controller) },
];

runProcess(async (context, args) => {
  const [name, ...words] = args;
  if (name === controller.name && !wantsHelp(words)) return runControllerWords(context, words);
  const { runCommandLine } = await import('../adapter.ts');
  return runCommandLine(COMMANDS, packageVersion(), args, context);
});
