import { hasErrors, definedMembers } from '@typekro/kit/core';
import { type Command, type CommandContext, type CommandInput, ExitCode, textOption, usageError } from '../command.ts';
import { reportPrinter } from '../instance/print-report.ts';
import { githubAnnotations } from '../plan/printed/findings.ts';
import { loadFiles, readText } from '../plan/check-files.ts';
import { markdownText } from '../plan/printed/markdown.ts';
import { paintFor, usesColour } from '../plan/printed/paint.ts';
import { planLines } from '../plan/printed/plan-lines.ts';
import { clusterTarget, planOfFiles } from '../plan/plan-of-files.ts';
import {
  type MadePlan,
  hasBlocked,
  hasChanges,
  newSalt,
  refuseMissingNamespace,
  savedPlan,
  savedPlanText,
  snapshotTarget,
} from '@typekro/app/plan';
import type { Plan } from '@typekro/controller/inspect';
import { totals } from '../plan/printed/summary-lines.ts';
import { unknownForm, outputOption, LEVEL_OPTION, PLANNING_OPTIONS } from '../command-options.ts';
import { printDiagnostics } from '../checks/print-diagnostics.ts';
import { writeResultFile } from '../write-file.ts';
import { junitText } from '../plan/printed/plan-junit.ts';
import { sarifText } from '../plan/printed/sarif.ts';

/**
 * The output formats of a plan in addition to text, JSON and YAML: Markdown for comments, SARIF for code scanning,
 * JUnit for test reports.
 */
const PLAN_FORMS: Readonly<Record<string, (plan: Plan) => string>> = {
  markdown: markdownText,
  sarif: sarifText,
  junit: junitText,
};

/** `typekro plan FILE…`: prints what an apply would change, for every instance. */
export const plan: Command = {
  name: 'plan',
  description:
    "Checks the files, reads the cluster, and runs the controller's own step for every live instance with the definitions of the files: what would be created, changed field by field, replaced, pruned, deferred (pinned, suspended, held by a canary) or blocked, and in which order. An instance in the files is planned with its changed spec. The API server checks each write by a dry run. When your rights do not allow a dry run, the rules of Kubernetes in this program check the write, and the plan says so. Equal instances are shown once with their number; --all lists them. Values of Secrets are hidden. Writes nothing.",
  positionals: [
    { name: 'file', summary: 'YAML, JSON, TypeScript or JavaScript files', variadic: true, required: true },
  ],
  options: [
    { name: 'delete', summary: 'plan the deletion of the objects in the files' },
    { name: 'all', summary: 'list every instance' },
    { name: 'save', summary: 'write the plan into plan-….json, for typekro apply' },
    { name: 'snapshot', summary: 'plan against a file of typekro snapshot, without a cluster', value: 'file' },
    {
      name: 'github',
      summary: 'print annotations for GitHub, and write the body of a comment into the file',
      value: 'file',
    },
    {
      name: 'exit-code',
      summary: 'end with 2 when something would change, with 3 when something is blocked, and with 1 for any error',
      answersByExitCode: true,
    },
    {
      name: 'dry-run',
      summary: 'server: ask the API server; none: compute by the rules of Kubernetes',
      value: 'how',
      defaultValue: 'server',
    },
    {
      name: 'namespace',
      short: 'n',
      summary:
        'plan only instances of this namespace, and read only this namespace; objects of the files must be in it',
      value: 'name',
    },
    ...PLANNING_OPTIONS,
    outputOption('text, json, yaml, markdown, sarif or junit'),
  ],
  examples: [
    { command: 'typekro plan webapp.yaml', summary: 'what a changed definition does to all of its instances' },
    { command: 'typekro plan shop.yaml', summary: 'what a changed spec does to one instance' },
    { command: 'typekro plan --delete shop.yaml', summary: 'what is deleted with an instance, and in which order' },
    { command: 'typekro plan webapp.yaml --save', summary: 'then typekro apply does exactly this, or refuses' },
    {
      command: 'typekro plan webapp.yaml --snapshot prod.json --github comment.md',
      summary: 'in a pull request, without a cluster',
    },
    { command: 'typekro plan webapp.yaml --exit-code -o json', summary: 'for another program' },
  ],
  run: runPlan,
};

const WRITTEN = { code: 'plan/not-written', mode: 0o600 };

/** The exit code for files with errors: 3, or 1 with `--exit-code`, because 3 then means a blocked plan. */
const codeOfErrors = (input: CommandInput): number =>
  input.options['exit-code'] === true ? ExitCode.failed : ExitCode.diagnostics;

async function runPlan(context: CommandContext, input: CommandInput): Promise<number> {
  const print = printerFor(context, input);
  const [snapshot, comment] = [textOption(input, 'snapshot'), textOption(input, 'github')];
  const isSaved = input.options['save'] === true;
  if (snapshot !== undefined) {
    refuseCluster(input);
    if (isSaved) refuseSavedSnapshot();
  }
  const loaded = await loadFiles(context, input.positionals);
  if (loaded.objects.length === 0 && hasErrors(loaded.diagnostics)) {
    // Without objects there is nothing to plan, so no cluster is needed.
    printDiagnostics(context, loaded.diagnostics, loaded.texts);
    return codeOfErrors(input);
  }
  await using target =
    snapshot === undefined
      ? await clusterTarget(context, input)
      : await snapshotTarget(await readText(context, snapshot), snapshot);
  const objects = loaded.objects.map(({ object }) => object);
  await refuseMissingNamespace(target, textOption(input, 'namespace'), objects, context.signal);
  const salt = newSalt();
  const made = await planOfFiles(context, input, loaded, target, isSaved ? { salt } : undefined);
  if (made === undefined) return codeOfErrors(input);
  if (comment === undefined) print(made.plan);
  else {
    const printMore = await writeResultFile(context, comment, `${markdownText(made.plan)}\n`, WRITTEN);
    for (const line of githubAnnotations(made.plan)) printMore(line);
    printMore(totals(made.plan));
  }
  if (isSaved) await save(context, input, made, { home: target.namespace, salt });
  return input.options['exit-code'] === true ? planExitCode(made.plan) : ExitCode.ok;
}

/** Refuses `--snapshot` together with an option that chooses a cluster, because a snapshot replaces the cluster. */
export function refuseCluster(input: CommandInput): void {
  const chosen = ['kubeconfig', 'context'].filter((name) => textOption(input, name) !== undefined);
  if (chosen.length === 0) return;
  throw usageError(
    `--snapshot needs no cluster, and ${chosen.map((name) => `--${name}`).join(' and ')} ${chosen.length === 1 ? 'chooses' : 'choose'} one`,
    `leave out --snapshot, or ${chosen.map((name) => `--${name}`).join(' and ')}; typekro snapshot FILE takes a new snapshot of a cluster`,
  );
}

/** Returns a function that prints plans in the form of `--output`. */
function printerFor(context: CommandContext, input: CommandInput): (plan: Plan) => void {
  const form = textOption(input, 'output') ?? 'text';
  const write = Object.hasOwn(PLAN_FORMS, form) ? PLAN_FORMS[form] : undefined;
  if (write !== undefined) return (plan) => context.print(write(plan), 'document');
  if (!['text', 'json', 'yaml'].includes(form))
    throw unknownForm(form, ['text', 'json', 'yaml', ...Object.keys(PLAN_FORMS)]);
  const print = reportPrinter(context, input);
  const view = { paint: paintFor(usesColour(context)), all: input.options['all'] === true };
  return (plan) => print({ data: plan, lines: () => planLines(plan, view) });
}

async function save(
  context: CommandContext,
  input: CommandInput,
  made: MadePlan,
  { home, salt }: { readonly home: string; readonly salt: string },
): Promise<void> {
  const { plan, desired, objects, cluster, contents, now, files } = made;
  const [only, dryRun, level] = [
    textOption(input, 'namespace'),
    textOption(input, 'dry-run'),
    textOption(input, LEVEL_OPTION.name),
  ];
  refuseToSave(plan, only);
  const saved = savedPlan(
    plan,
    desired,
    { source: objects, contents },
    {
      namespace: only ?? home,
      options: {
        files: input.positionals,
        ...definedMembers({ only, dryRun, level }),
        ...(files.named.length === 0 ? {} : { crds: files.named }),
      },
      now,
      salt,
      ...(cluster === undefined ? {} : { cluster }),
    },
  );
  const { name, text } = savedPlanText(saved);
  await writeResultFile(context, name, text, WRITTEN);
  context.printError(`Saved ${name}.  Apply exactly this: typekro apply ${name}  (refuses if the cluster has changed)`);
}

/** Refuses `--save` with `--snapshot`: a saved plan must come from a live cluster. */
function refuseSavedSnapshot(): void {
  throw usageError(
    'a plan against a snapshot cannot be saved: it has seen no cluster',
    'plan against the cluster: typekro plan FILE --save',
  );
}

/** Refuses to save a plan that does not show all changes that its apply would cause. */
function refuseToSave({ definitions }: Plan, only: string | undefined): void {
  const changed = definitions.find(({ action }) => action !== 'none');
  if (only === undefined || changed === undefined) return;
  throw usageError(
    `the definition ${changed.name} changes instances of all namespaces, and only those of ${only} were planned: the plan is not saved`,
    'plan without --namespace: typekro plan FILE --save',
  );
}

/** Returns the exit code for `--exit-code`. */
export function planExitCode(made: Plan): number {
  if (hasBlocked(made)) return ExitCode.blocked;
  return hasChanges(made) ? ExitCode.changes : ExitCode.ok;
}
