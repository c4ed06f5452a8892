import { resolve } from 'node:path';
import { systemClock } from '@typekro/kube';
import { type Command, type CommandInput, textOption, usageError } from '../command.ts';
import { DevLoop } from '../dev/dev-loop.ts';
import { createModuleReader } from '../dev/module-reader.ts';
import { systemEvents } from '../dev/watch-files.ts';
import { pagePlaceOf, placeOfPage, actionsOf } from '../dashboard/port-option.ts';
import { allowsProcesses, containersLine } from '../run-processes-option.ts';
import { goOn } from '../up/bring-up.ts';
import { checkNamedFiles } from '../checks/checked.ts';
import { shippedNote } from '../checks/known-crds.ts';
import { startUpSession } from '../up/up-session.ts';
import { CLUSTER_OPTIONS, readSessionOptions, SESSION_OPTIONS } from '../up/session-options.ts';
import { takeStateDirectory } from '../up/state-directory.ts';
import { ENDED } from './up-command.ts';

/** `typekro dev FILE…`: starts a cluster as `up` does, applies the files, and applies them again after each save. */
export const dev: Command = {
  name: 'dev',
  description:
    'Starts a Kubernetes API and a controller as typekro up does, applies the files, and applies them again after each save of one of them or of a file that they import. While the files have errors, the errors are printed and the last good state stays. Objects that were removed from the files are deleted. In a terminal, w explains why instances wait, p shows what the last save changed, f offers faults (kill the controller, end watches, a busy API server, a deleted object) and prints what the graph did about them, r starts again with an empty cluster, and q quits. The objects of the cluster are deleted at the end.',
  positionals: [
    { name: 'file', summary: 'YAML, JSON, TypeScript or JavaScript files', variadic: true, required: true },
  ],
  options: [...CLUSTER_OPTIONS, ...SESSION_OPTIONS],
  examples: [
    { command: 'typekro dev app.ts', summary: 'a composition and the instances that it exports' },
    { command: 'typekro dev shop.rgd.yaml example.yaml', summary: 'a definition and an instance' },
  ],
  async run(context, input) {
    refuseStandardInput(input);
    const { timeoutMs, cluster } = readSessionOptions(input, context.cwd);
    const named = input.positionals.map((file) => resolve(context.cwd, file));
    const state = takeStateDirectory(context, textOption(input, 'name') ?? 'default');
    let hasStarted = false;
    let shipped: string | undefined;
    try {
      let place = pagePlaceOf(input, state.path);
      const loop = new DevLoop({
        context,
        named,
        timeoutMs,
        clock: systemClock,
        events: systemEvents(systemClock),
        async start() {
          const page = { dashboardOf: context, actions: actionsOf(input), ...place };
          const session = await startUpSession(state, { ...cluster, ...page });
          // The dashboard keeps its address, so a page that is open in a browser reconnects after each restart of the
          // cluster.
          if (session.dashboard !== undefined) place = placeOfPage(session.dashboard);
          return session;
        },
        announce(session) {
          hasStarted = true;
          context.print(`Kubernetes API at ${session.url}, up in ${Math.round(session.startMs)} ms`);
          context.print(containersLine(allowsProcesses(input)));
          if (session.dashboard !== undefined) context.print(`Dashboard at ${session.dashboard}`);
          context.print(`${goOn(context, state.kubeconfig)}\n`);
        },
        async read(signal, paths) {
          const modules = createModuleReader((text) => context.printError(text), signal);
          try {
            const reading = { ...context, signal, loadModule: modules.load };
            const checked = await checkNamedFiles(reading, input, input.positionals);
            // A folder is named, and its files are read.
            for (const file of checked.inputs.texts.keys()) paths.add(resolve(context.cwd, file));
            const note = shippedNote(checked.known);
            if (note !== undefined && note !== shipped) context.printError(note);
            shipped = note;
            return checked;
          } finally {
            for (const path of modules.imported) paths.add(path);
            modules.close();
          }
        },
      });
      return await loop.run();
    } finally {
      state.release();
      if (hasStarted) context.print(`\n${ENDED}: run unset KUBECONFIG in the other terminals.`);
    }
  },
};

/**
 * Refuses the standard input. It can be read only once. The second read would be empty, and `dev` would delete the
 * objects of the first read.
 */
function refuseStandardInput(input: CommandInput): void {
  const names = [...input.positionals, ...(textOption(input, 'crds') ?? '').split(',')];
  if (!names.includes('-')) return;
  throw usageError(
    'typekro dev reads its files again after each save, and the standard input can be read only once',
    'write it into a file, and name the file',
  );
}
