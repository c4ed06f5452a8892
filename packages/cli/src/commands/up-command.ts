import { fileURLToPath } from 'node:url';
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packageFolder, readRegularFile, tryParseJson, TypeKroError, whenAborted } from '@typekro/kit/core';
import { type Command, type CommandInput, ExitCode, textOption } from '../command.ts';
import { pagePlaceOf, actionsOf } from '../dashboard/port-option.ts';
import { isOutside } from '../file-paths.ts';
import { replaceWhole } from '../output-file.ts';
import { allowsProcesses, containersLine } from '../run-processes-option.ts';
import { bringUp, goOn, instancesOf, showChanges } from '../up/bring-up.ts';
import { createLiveView } from '../up/live-view.ts';
import { Progress } from '../up/progress.ts';
import { readChecked } from '../checks/checked.ts';
import { startUpSession } from '../up/up-session.ts';
import { CLUSTER_OPTIONS, readSessionOptions, SESSION_OPTIONS } from '../up/session-options.ts';
import { takeStateDirectory } from '../up/state-directory.ts';
import { withoutEffect } from '../up/without-effect.ts';

/** The examples that `up` runs in a clone when the user names no file. */
const EXAMPLES = ['webapp.ts', 'my-application.yaml'];

/**
 * The same two examples for an installed package. In a package below `node_modules`, Node does not strip types, and the
 * imports of the TypeScript example are not installed. The package therefore includes the definition of this example as
 * YAML.
 */
const INSTALLED_EXAMPLES = ['golden/webapp.app.yaml', 'webapp-instance.yaml', 'my-application.yaml'];

function exampleFiles(cwd: string): string[] {
  const folder = packageFolder();
  if (folder === undefined) {
    throw new TypeKroError('this bundle of the command has no examples', {
      code: 'cli/no-examples',
      remedy: 'name the files to run: `typekro up app.ts instance.yaml`',
    });
  }
  const names = folder.pathname.includes('/node_modules/') ? INSTALLED_EXAMPLES : EXAMPLES;
  return names.map((name) => {
    const path = fileURLToPath(new URL(`examples/${name}`, folder));
    const short = relative(cwd, path);
    return isOutside(short) ? path : short;
  });
}

/** The names of the files of the last run with `--keep`, as JSON, in the directory of the cluster. */
const FILES = 'files.json';

function filesOfLastRun(cwd: string, name: string): readonly string[] | undefined {
  const path = join(cwd, '.typekro', name, FILES);
  const files = existsSync(path) ? tryParseJson(readRegularFile(path).toString()) : undefined;
  return Array.isArray(files) && files.every((file) => typeof file === 'string') ? files : undefined;
}

/** `typekro up [FILE…]`: starts an embedded cluster with a controller, and applies the user's files. */
export const up: Command = {
  name: 'up',
  description:
    'Starts a Kubernetes API on loopback and a controller, applies the definitions and objects of the files (two examples when none is named; with --keep, the files of the last run), and shows every resource with what it waits for. Containers are simulated: no image is pulled, no process runs in a pod. Stays up until Ctrl-C.',
  positionals: [{ name: 'file', summary: 'YAML, JSON, TypeScript or JavaScript files', variadic: true }],
  options: [
    { name: 'once', summary: 'end when everything is ACTIVE, or with the reason why something is not' },
    ...CLUSTER_OPTIONS,
    { name: 'keep', summary: 'keep the objects of the cluster, and continue with them the next time' },
    ...SESSION_OPTIONS,
  ],
  examples: [
    { command: 'typekro up', summary: 'the examples; stays up for kubectl' },
    {
      command: 'typekro up --keep',
      summary: 'continues the last run with its files, and with its objects in .typekro/default/state',
    },
    { command: 'typekro up --stand-in cert-manager app.ts', summary: 'certificates become ready as with cert-manager' },
    { command: 'typekro up --once app.ts instance.yaml', summary: 'your own files, as a check in CI' },
  ],
  async run(context, input) {
    const { timeoutMs, cluster } = readSessionOptions(input, context.cwd);
    const name = textOption(input, 'name') ?? 'default';
    const keep = input.options['keep'] === true;
    const last = keep ? filesOfLastRun(context.cwd, name) : undefined;
    const files = input.positionals.length > 0 ? input.positionals : (last ?? exampleFiles(context.cwd));
    const { failed, graphs, inputs, known } = await readChecked(context, input, files);
    if (failed) return ExitCode.diagnostics;

    const once = input.options['once'] === true;
    const state = takeStateDirectory(context, name);
    try {
      if (keep && !files.includes('-')) replaceWhole(join(state.path, FILES), JSON.stringify(files));
      const session = await startUpSession(state, {
        ...cluster,
        keep,
        ...(once ? {} : { dashboardOf: context, actions: actionsOf(input), ...pagePlaceOf(input, state.path) }),
      });
      try {
        for (const notice of session.notices) context.print(notice);
        context.print(`Kubernetes API at ${session.url}, up in ${Math.round(session.startMs)} ms`);
        context.print(containersLine(allowsProcesses(input)));
        for (const line of withoutEffect(inputs.objects, graphs)) context.printError(line);
        if (session.dashboard !== undefined) context.print(`Dashboard at ${session.dashboard}`);
        const view = createLiveView(context);
        let code: number = ExitCode.failed;
        try {
          code = await bringUp({
            context,
            session,
            objects: inputs.objects,
            crds: known.crds,
            graphs,
            timeoutMs,
            once,
            view,
          });
        } finally {
          if (code === ExitCode.failed && last !== undefined && input.positionals.length === 0)
            context.printError(
              `note: the files are those of the last run (${last.join(', ')}); if the cluster has newer ones, name those once: typekro up --keep FILE…`,
            );
        }
        if (once || context.signal.aborted) return code;
        context.print(
          `\nThe cluster stays up${code === ExitCode.ok ? '' : ', so that you can look at it'}; Ctrl-C ends it.`,
        );
        context.print(`\n${goOn(context, state.kubeconfig)}`);
        // The view continues to update, so that it shows changes by other clients.
        const progress = new Progress(instancesOf(inputs.objects, graphs), session.controller.reports);
        const stop = showChanges(session, view, progress, false);
        await whenAborted(context.signal);
        stop();
        return ExitCode.interrupted;
      } finally {
        await session.close();
        context.print(endMessage(input));
      }
    } finally {
      state.release();
    }
  },
};

/** The beginning of the message that a cluster has ended. */
export const ENDED = 'The cluster has ended, and its kubeconfig is no longer usable';

/** The message that the cluster has ended. */
function endMessage(input: CommandInput): string {
  const next =
    input.options['once'] === true
      ? '; without --once it stays up for kubectl.'
      : ': run unset KUBECONFIG in the other terminals.';
  const ended = `${ENDED}${next}`;
  return input.options['keep'] === true
    ? `\n${ended}\nIts objects are kept; up --keep continues with them.`
    : `\n${ended}`;
}
