import { recreatedText } from '@typekro/controller/inspect';
import { existsSync, statSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { type ObjectRef, formatRef, objectName, refOf, TypeKroError } from '@typekro/kit/core';
import { KubeError, systemClock } from '@typekro/kube';
import { type Command, type CommandContext, type CommandInput, ExitCode, textOption, usageError } from '../command.ts';
import { LEVEL_OPTION, PLANNING_OPTIONS } from '../command-options.ts';
import { noDefinitions } from '@typekro/app/instance';
import { printLines } from '../instance/print-report.ts';
import {
  type MadePlan,
  type PlanTarget,
  type SavedPlan,
  applyPlan,
  isOfCluster,
  movedSince,
  parseSavedPlan,
  planAgain,
  replacedBy,
} from '@typekro/app/plan';
import { type LoadedFiles, loadFiles, readText } from '../plan/check-files.ts';
import { paintFor, usesColour } from '../plan/printed/paint.ts';
import { planLines } from '../plan/printed/plan-lines.ts';
import { clusterTarget, planOfFiles } from '../plan/plan-of-files.ts';
import { shellWord } from '@typekro/app/text';

/** `typekro apply PLAN` and `typekro apply FILE…`. */
export const apply: Command = {
  name: 'apply',
  description:
    'Plans the files and applies them: first the definitions, each served before the next one is applied, then the instances. An object whose immutable field changes is deleted and created again; this needs --replace. With a plan of typekro plan --save, carries out exactly this plan. Applies nothing when an object has changed since the saved plan, or when the server would refuse a definition or an object.',
  positionals: [
    {
      name: 'file',
      summary: 'a saved plan, or YAML, JSON, TypeScript or JavaScript files',
      variadic: true,
      required: true,
    },
  ],
  options: [
    { name: 'replace', summary: 'delete objects whose immutable fields change, and create them again' },
    ...PLANNING_OPTIONS,
  ],
  examples: [
    { command: 'typekro apply plan-8f3c21d0.json', summary: 'carries out exactly the saved plan' },
    { command: 'typekro apply webapp.yaml', summary: 'plans the file, and applies it' },
    { command: 'typekro apply job.yaml --replace', summary: 'also replaces objects whose immutable fields change' },
  ],
  async run(context, input) {
    const saved = await savedPlanOf(context, input);
    const loaded = saved === undefined ? await loadFiles(context, input.positionals) : filesOf(saved, input);
    await using target = await clusterTarget(context, input);
    const scoped = saved === undefined ? input : scopeOf(saved, input);
    const made = await planOfFiles(
      context,
      scoped,
      loaded,
      saved === undefined ? target : { ...target, namespace: saved.namespace },
      saved,
    );
    if (made === undefined) return ExitCode.diagnostics;
    if (saved !== undefined) checkMoved(saved, made, input);
    refuseBlocked(made);
    const view = { paint: paintFor(usesColour(context)), all: false };
    if (saved === undefined) {
      printLines(context, [...planLines(made.plan, view), '']);
      if (input.options['replace'] !== true) refuseReplacement(made);
    }
    return await carryOutPlan(context, target, made).catch((error: unknown) => {
      throw withoutDefinitions(error) ?? error;
    });
  },
};

/** Returns a more helpful error if the cluster does not serve the kinds of kro; undefined for any other error. */
function withoutDefinitions(error: unknown): TypeKroError | undefined {
  const { code, message } = error instanceof KubeError ? error : { code: '', message: '' };
  const [, kind] = /^the server has no kind "(ResourceGraphDefinition|Graph)"/.exec(message) ?? [];
  return code === 'kube/unknown-kind' && kind !== undefined ? noDefinitions(kind, error) : undefined;
}

/**
 * Reads the saved plan that the arguments name. Returns `undefined` when they name other files. Throws `cli/usage` when
 * a saved plan is not the only argument. Also throws it for an option that is stored in the plan, because the option
 * would have no effect.
 */
async function savedPlanOf(context: CommandContext, input: CommandInput): Promise<SavedPlan | undefined> {
  const { positionals } = input;
  for (const file of positionals) {
    const path = resolve(context.cwd, file);
    if (extname(file) !== '.json' || !existsSync(path) || !statSync(path).isFile()) continue;
    const saved = parseSavedPlan(await readText(context, file), file);
    if (saved === undefined) continue;
    const given = ['crds', LEVEL_OPTION.name].find((name) => textOption(input, name) !== undefined);
    if (positionals.length === 1 && given === undefined) return saved;
    const problem = given === undefined ? 'which is applied alone' : `which has its own --${given}`;
    throw usageError(`${file} is a saved plan, ${problem}`, `typekro apply ${shellWord(file)}`);
  }
  return undefined;
}

/** Returns the objects of a saved plan as if they had been loaded from files. */
function filesOf(
  { objects, options: { crds = [] } }: SavedPlan,
  { positionals: [file = ''] }: CommandInput,
): LoadedFiles {
  return { objects: objects.map((object) => ({ object, file })), diagnostics: [], texts: new Map(), crds };
}

/** Returns the command's input with the options with which the saved plan was made. */
function scopeOf({ plan, options }: SavedPlan, input: CommandInput): CommandInput {
  const { only, dryRun, level } = options;
  const deletion = plan.operation === 'delete' ? { delete: true as const } : {};
  const restored = { namespace: only, 'dry-run': dryRun, [LEVEL_OPTION.name]: level };
  return { ...input, options: { ...input.options, ...deletion, ...restored } };
}

function checkMoved(saved: SavedPlan, made: MadePlan, input: CommandInput): void {
  const { plan, objects: source, contents, cluster } = made;
  if (!isOfCluster(saved, plan, cluster)) throw otherCluster(saved, made, input);
  const moved = movedSince(saved, plan, { source, contents });
  if (moved === undefined) return;
  const unread = plan.limits.find((limit) => limit.includes('could not be read') && !saved.plan.limits.includes(limit));
  const message =
    unread === undefined
      ? `the cluster has changed since the plan: ${moved}`
      : `with your rights, the plan cannot be compared with the cluster: ${unread}`;
  throw new TypeKroError(message, {
    code: 'apply/cluster-moved',
    remedy: `nothing was applied; plan again, and compare the plans: ${planAgain(saved)}`,
  });
}

function otherCluster(
  saved: SavedPlan,
  { plan: { source }, cluster }: MadePlan,
  { positionals: [file = ''] }: CommandInput,
): TypeKroError {
  const { name } = saved.plan.source;
  if (saved.cluster !== undefined && cluster === undefined) {
    const message =
      'you may not read the namespace kube-system, whose UID shows whether the plan was made for this cluster';
    return new TypeKroError(message, {
      code: 'apply/other-cluster',
      remedy: `nothing was applied; have the right given to you to get the namespace kube-system, or plan again with your own rights: ${planAgain(saved)}`,
    });
  }
  // If the names are equal, the cluster was deleted and created again under the same name.
  const isRecreated = name === source.name;
  const message = isRecreated
    ? `the plan was made for an earlier cluster ${name}: the present one was created later`
    : `the plan was made for another cluster: ${name}, and not for this one, ${source.name}`;
  const choose = `to apply it there: typekro apply ${shellWord(file)} --context ${shellWord(name)}; for this cluster, `;
  return new TypeKroError(message, {
    code: 'apply/other-cluster',
    remedy: `nothing was applied; ${isRecreated ? '' : choose}plan again: ${planAgain(saved)}`,
  });
}

/**
 * Throws `apply/refused` when the server would refuse a definition or an object of the files. Also throws it for a
 * blocked instance that the plan would change, or that is being deleted.
 */
export function refuseBlocked({ plan }: MadePlan): void {
  const definition = plan.definitions.find(({ refusal }) => refusal !== undefined);
  const object = plan.objects.find(({ refusal }) => refusal !== undefined);
  // A blocked instance also prevents the apply of its definition, because the files are one change.
  const instance = plan.instances.find(
    ({ state, action, because, deletedSince }) =>
      state === 'blocked' && (action !== 'none' || deletedSince !== undefined) && because !== undefined,
  );
  const refusal = definition?.refusal ?? object?.refusal ?? instance?.because;
  if (refusal === undefined) return;
  const refused = object?.object ?? instance?.instance;
  const what =
    definition !== undefined ? `the definition ${definition.name}` : refused === undefined ? '' : objectName(refused);
  const remedy = definition === undefined ? (object ?? instance)?.remedy : definition.remedy;
  const [effect, nothing] =
    plan.operation === 'delete'
      ? ['would never be gone', 'nothing was deleted']
      : ['cannot be applied', 'nothing was applied'];
  throw new TypeKroError(`${what} ${effect}: ${refusal}`, {
    code: 'apply/refused',
    remedy: `${nothing}; ${remedy ?? 'correct it, and plan again'}`,
  });
}

/**
 * Throws `apply/needs-replace` when the plan would delete objects to create them again. Callers skip this check for a
 * saved plan, because the user has seen its deletions.
 */
export function refuseReplacement(
  { plan }: MadePlan,
  remedy = 'typekro apply FILE --replace, or save the plan and apply it: typekro plan FILE --save',
): void {
  const replaced = replacedBy(plan);
  const recreated = plan.instances.flatMap((instance) =>
    (instance.recreated ?? []).map((object) => `${objectName(object)} ${recreatedText(instance)}`),
  );
  if (replaced.length + recreated.length === 0) return;
  const names = (objects: readonly ObjectRef[]) => objects.map((each) => objectName(each)).join(', ');
  const sentences = [
    ...(replaced.length === 0 ? [] : [`${names(replaced)} cannot be changed, and would be deleted and created again`]),
    ...recreated,
  ];
  throw new TypeKroError(sentences.join('; '), {
    code: 'apply/needs-replace',
    remedy: `nothing was applied; allow the deletion: ${remedy}`,
  });
}

/**
 * Carries out a plan, and prints each object. Returns the exit code: `blocked` when an instance or a Graph of the files
 * has a blocked node or a refused write.
 */
export async function carryOutPlan(context: CommandContext, { api }: PlanTarget, made: MadePlan): Promise<number> {
  const { plan, files, objects: source } = made;
  await applyPlan({
    api,
    plan,
    objects: made.desired,
    graphs: files.graphs,
    source,
    clock: systemClock,
    signal: context.signal,
    print: (line) => printLines(context, [line]),
  });
  const { changed, blocked } = plan.summary.instances;
  if (plan.operation === 'apply') {
    const own = new Set(made.desired.map((object) => formatRef(refOf(object))));
    const stuck = plan.instances.filter(
      ({ instance, state, writes }) =>
        own.has(formatRef(instance)) && (state === 'blocked' || writes.some(({ refusal }) => refusal !== undefined)),
    );
    const names = stuck.map(({ instance }) => objectName(instance)).join(', ');
    const rest = 'The controller carries out the rest: typekro why explains what an instance waits for.';
    if (changed + blocked > 0)
      printLines(context, [...(names === '' ? [] : [`Blocked or refused in part: ${names}.`]), rest]);
    return stuck.length === 0 ? ExitCode.ok : ExitCode.blocked;
  }
  if (changed + blocked > 0 && plan.instances.length === made.desired.length)
    printLines(context, [
      'The controller deletes the objects of each instance first: typekro why shows what a deletion waits for.',
    ]);
  return ExitCode.ok;
}
