import { CRD_TYPE } from '@typekro/controller/controller';
import { connectToCluster } from '../cluster-client.ts';
import { type CommandContext, type CommandInput, textOption } from '../command.ts';
import { levelOption } from '../command-options.ts';
import { type CheckedFiles, type LoadedFiles, checkFiles, printFindings } from './check-files.ts';
import {
  type ComparedPlan,
  type MadePlan,
  type PlanTarget,
  type PlanningOptions,
  makePlan,
  openPlanning,
  unreadBecause,
} from '@typekro/app/plan';

/** Connects to the cluster that `--kubeconfig` and `--context` select. */
export async function clusterTarget(
  context: CommandContext,
  input: CommandInput,
): Promise<PlanTarget & AsyncDisposable> {
  const { client, namespace, name } = await connectToCluster(context, input);
  return {
    api: client,
    source: { kind: 'cluster', name },
    namespace,
    checkedBy: 'server',
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** The choices of a plan in the options of a command. */
export function planningOptions({ signal }: Pick<CommandContext, 'signal'>, input: CommandInput): PlanningOptions {
  return {
    signal,
    only: textOption(input, 'namespace'),
    level: levelOption(input),
    asks: textOption(input, 'dry-run') !== 'none',
    operation: input.options['delete'] === true ? 'delete' : 'apply',
  };
}

/**
 * Checks loaded files against a cluster and plans them. When the files have errors, prints the errors and returns
 * `undefined`.
 */
export async function planOfFiles(
  context: CommandContext,
  input: CommandInput,
  loaded: LoadedFiles,
  target: PlanTarget,
  compared?: ComparedPlan,
): Promise<MadePlan | undefined> {
  const { made } = await planLoaded(context, input, loaded, target, {
    onChecked: (checked) => void printFindings(context, checked),
    ...(compared === undefined ? {} : { compared }),
  });
  return made;
}

/** The options of `planLoaded`. */
interface PlanLoadedOptions {
  readonly compared?: ComparedPlan;
  /** Called before the planning, with the findings about the files. */
  readonly onChecked?: (checked: CheckedFiles) => void;
}

/** Checks loaded files against a cluster and plans them. `made` is absent when the files have errors. */
export async function planLoaded(
  context: CommandContext,
  input: CommandInput,
  loaded: LoadedFiles,
  target: PlanTarget,
  { compared, onChecked }: PlanLoadedOptions = {},
): Promise<Omit<CheckedFiles, 'files'> & { readonly made?: MadePlan }> {
  await using planning = await openPlanning(target, { ...planningOptions(context, input), compared });
  const { planned, from, cluster, contents } = planning;
  const { basics, settings: rules } = planned;
  // A snapshot has only the CRDs that are in use.
  const isCluster = target.source.kind === 'cluster' && unreadBecause(basics.limits, CRD_TYPE) === undefined;
  const { files, ...checked } = await checkFiles(context, input, loaded, basics, rules, isCluster);
  onChecked?.(checked);
  if (files === undefined) return checked;
  planning.declare([...files.graphs.map(({ instance }) => instance.crd), ...files.crds]);
  const plan = await makePlan(planned, files, from);
  const { source: objects, now, settings } = planned;
  const made = { ...plan, files, objects, contents, now, settings, ...(cluster === undefined ? {} : { cluster }) };
  return { ...checked, made };
}
