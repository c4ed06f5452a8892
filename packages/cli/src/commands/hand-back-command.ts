import { type Logger, publishFlags } from '@typekro/controller/controller';
import { type ObjectRef, objectName, refOf, TypeKroError } from '@typekro/kit/core';
import { type KroCompatibility, KroLevel } from '@typekro/engine/graph';
import { systemClock } from '@typekro/kube';
import type { HandBackFinding } from '../bootstrap/annotation-findings.ts';
import { type HandBackControllers, handBackFindings } from '../bootstrap/hand-back-findings.ts';
import { findInstallation, installationIn, pruneInstallation } from '../bootstrap/installation.ts';
import { INSTALLATION_OPTIONS, installationOf } from '../bootstrap/manifests-from-input.ts';
import { type ControllerDeployment, runningControllers } from '@typekro/app/controllers';
import { stopController } from '../bootstrap/scale-down.ts';
import { type Command, type CommandContext, type CommandInput, ExitCode, textOption } from '../command.ts';
import { parseDuration } from '../parse-duration.ts';
import { reportPrinter } from '../instance/print-report.ts';
import { optionWords, KUBECONFIG_OR_POD_OPTIONS, outputOption } from '../command-options.ts';
import { clusterTarget, planningOptions } from '../plan/plan-of-files.ts';
import { type Planning, openPlanning } from '@typekro/app/plan';
import { resultText } from '../instance/change-report.ts';
import { printableLine } from '@typekro/app/text';
import { graphsOf } from '@typekro/app/upgrade';

/**
 * The report of `typekro hand-back`, as `-o json` prints it. A later release with the same `schemaVersion` only adds
 * fields.
 */
interface HandBackReport {
  readonly schemaVersion: 1;
  readonly to: string;
  readonly dryRun: boolean;
  /**
   * The differences between kro's controller and TypeKro's controller. If there are findings, nothing is changed
   * without `--force`.
   */
  readonly findings: readonly HandBackFinding[];
  readonly stopped: readonly ObjectRef[];
  readonly removed: readonly ObjectRef[];
  /** The next commands for the user. */
  readonly next: readonly string[];
  readonly notes: readonly string[];
}

/** `typekro hand-back`: stops the controller, so that kro's controller can continue with the same objects. */
export const handBack: Command = {
  name: 'hand-back',
  description:
    "Stops the TypeKro controller, so that kro's controller can continue. First finds the differences: definitions and Graphs that kro refuses or handles differently, and annotations that only the TypeKro controller knows (pins, canaries, adoption, accounts, deletion policies). Whatever could not be read is a finding, too. With findings, nothing is changed and the exit code is 3; --force continues anyway. Without the right to list definitions, instances or Graphs, nothing is changed even with --force. Then scales the Deployment of the controller to 0, and waits until its pods are gone, and removes the flags that it published. CRDs, definitions, revisions, instances and their objects stay. --remove also deletes the Deployment with its account and rights. Start kro afterwards.",
  positionals: [],
  options: [
    {
      name: 'to',
      summary: 'the line of kro that continues: 0.9 or 0.10',
      value: 'version',
      defaultValue: '0.9',
      choices: KroLevel.LEVELS,
    },
    ...INSTALLATION_OPTIONS.filter(({ name }) => name === 'name' || name === 'namespace'),
    { name: 'remove', summary: 'delete the Deployment, the account and its rights, too' },
    { name: 'force', summary: 'continue in spite of the findings' },
    { name: 'dry-run', summary: 'look for findings, and change nothing' },
    { name: 'timeout', summary: 'time limit for pods to end', value: 'duration', defaultValue: '5m' },
    ...KUBECONFIG_OR_POD_OPTIONS,
    outputOption(),
  ],
  examples: [
    { command: 'typekro hand-back --to 0.10 --dry-run', summary: 'what kro 0.10 refuses or handles differently' },
    { command: 'typekro hand-back', summary: 'then kubectl -n kro-system scale deployment kro --replicas=1' },
  ],
  async run(context, input) {
    const print = reportPrinter(context, input);
    const report = await handOver(context, input);
    print({ data: report, lines: () => linesOf(report) });
    const isHeld = report.findings.length > 0 && input.options['force'] !== true;
    return isHeld ? ExitCode.blocked : ExitCode.ok;
  },
};

async function handOver(context: CommandContext, input: CommandInput): Promise<HandBackReport> {
  const to = KroLevel.LEVELS.find((each) => each === textOption(input, 'to'));
  if (to === undefined) {
    const known = KroLevel.LEVELS.join(' or ');
    throw new TypeKroError(`--to takes ${known}, not "${textOption(input, 'to') ?? ''}"`, { code: 'cli/usage' });
  }
  const { name, namespace } = installationOf(input);
  const dryRun = input.options['dry-run'] === true;
  const { namespace: _own, ...options } = input.options;
  await using target = await clusterTarget(context, input);
  const { api } = target;
  const { signal } = context;
  const { found, limit } = await runningControllers(api, namespace, signal);
  const own = found.find((each) => each.project === 'typekro' && each.namespace === namespace && each.name === name);
  const others = found.filter((each) => each.project === 'typekro' && each !== own && each.replicas > 0);
  const kros = found.filter(({ project }) => project === 'kro');
  const planning = openPlanning(target, planningOptions(context, { ...input, options }));
  const { findings, gates } = await differences(planning, to, { own, kros, others });
  const writer = {
    api,
    clock: systemClock,
    signal,
    timeoutMs: parseDuration(textOption(input, 'timeout') ?? '5m', '--timeout'),
  };
  const isAllowed = findings.length === 0 || input.options['force'] === true;
  const removes = input.options['remove'] === true;
  const former = removes ? await findInstallation(writer, name) : { objects: [], limits: [] };
  const { objects, shared } = installationIn(former.objects, namespace);
  const isRunning = own !== undefined && own.replicas > 0;
  if (isAllowed && !dryRun && isRunning) await stopController(writer, own);
  const removed = isAllowed ? await pruneInstallation(writer, objects, [], dryRun) : [];
  const notes = [...(limit === undefined ? [] : [limit]), ...former.limits];
  const logger: Logger = { log: (_, message, { error } = {}) => void notes.push(`${message}: ${String(error)}`) };
  if (isAllowed && !dryRun) await publishFlags(api, undefined, logger, signal);
  if (own === undefined) notes.push(`there is no Deployment ${namespace}/${name} of the TypeKro controller`);
  if (shared.length > 0) {
    notes.push(`the cluster-wide objects of ${name} stay: the namespace ${shared.join(', ')} has objects of it, too`);
  }
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment' };
  return {
    schemaVersion: 1,
    to,
    dryRun,
    findings,
    stopped: isAllowed && isRunning ? [refOf({ ...own.object, ...deployment })] : [],
    removed: removed.map(({ object }) => object),
    next: nextCommands(input, {
      isAllowed,
      isLeft: dryRun && (isRunning || removed.length > 0),
      kros,
      install: `install kro ${to}${gates}`,
    }),
    notes,
  };
}

/** The facts about a hand-back that determine the next commands. */
interface HandedBack {
  readonly isAllowed: boolean;
  /** Did a dry run leave a change to make? */
  readonly isLeft: boolean;
  readonly kros: readonly ControllerDeployment[];
  /** The sentence that says which kro to install. */
  readonly install: string;
}

/** The options that a suggested command does not repeat. */
const OMITTED_OPTIONS: readonly string[] = ['force', 'dry-run', 'output'];

function nextCommands(input: CommandInput, { isAllowed, isLeft, kros, install }: HandedBack): string[] {
  const repeated = handBack.options.filter(({ name }) => !OMITTED_OPTIONS.includes(name));
  const again = (...added: readonly string[]): string =>
    ['typekro hand-back', ...optionWords(repeated, input), ...added].join(' ');
  if (!isAllowed) return [`correct the findings, or accept them: ${again('--force')}`];
  if (isLeft) return [again(...(input.options['force'] === true ? ['--force'] : []))];
  const cluster = optionWords(KUBECONFIG_OR_POD_OPTIONS, input);
  return [
    ...(kros.length > 1 ? [`start one of these ${kros.length} Deployments of kro`] : []),
    ...kros.map((kro) =>
      ['kubectl', ...cluster, '-n', kro.namespace, 'scale deployment', kro.name, '--replicas=1'].join(' '),
    ),
    ...(kros.length > 0
      ? []
      : [`${install}: no Deployment of kro was found, and no controller works on the objects until then`]),
  ];
}

/**
 * Returns the findings. `gates` has the flag that makes kro serve the kind Graph; it is empty if kro needs no such
 * flag.
 */
async function differences(
  opening: Promise<Planning>,
  to: KroCompatibility,
  controllers: HandBackControllers,
): Promise<{ readonly findings: readonly HandBackFinding[]; readonly gates: string }> {
  await using planning = await opening;
  const { planned } = planning;
  const findings = await handBackFindings(planned, to, controllers);
  const hasGraphs = KroLevel.followsGraphEngine(to) && (await graphsOf(planned)).length > 0;
  return { findings, gates: hasGraphs ? ' with --feature-gates=GraphKind=true' : '' };
}

function linesOf({ to, dryRun, findings, stopped, removed, next, notes }: HandBackReport): string[] {
  return [
    ...(findings.length === 0 ? [`kro ${to} accepts everything unchanged`] : [`kro ${to} differs:`]),
    ...findings.map(
      ({ object, problem, effect }) =>
        `  ! ${printableLine(`${object === undefined ? '' : `${objectName(object)}: `}${problem}; ${effect}`)}`,
    ),
    ...stopped.map((ref) => `${objectName(ref)} ${resultText('scaled to 0', dryRun)}`),
    ...removed.map((ref) => `${objectName(ref)} ${resultText('deleted', dryRun)}`),
    ...notes.map((note) => printableLine(`note: ${note}`)),
    ...next.map((each) => `   next  ${each}`),
  ];
}
