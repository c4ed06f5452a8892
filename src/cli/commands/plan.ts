import { usesColour } from '../colour.ts';
import type { Command, CommandContext, CommandInput } from '../command.ts';
import { ExitCode } from '../command.ts';
import { reportPrinter } from '../instance/print-report.ts';
import { loadFiles } from '../plan/check-files.ts';
import { paintFor } from '../plan/paint.ts';
import { planLines } from '../plan/plan-lines.ts';
import { clusterTarget, planOfFiles } from '../plan/plan-of-files.ts';
import type { Plan } from '../plan/plan.ts';
import { hasBlocked, hasChanges } from '../plan/summary.ts';

/** `typekro plan FILE…`: what an apply would change, for every instance, before anything changes. */
export const plan: Command = {
  name: 'plan',
  summary: 'show what an apply would change, for every instance, before anything changes',
  description:
    "Checks the files, reads the cluster, and runs the controller's own step for every live instance with the definitions of the files: what would be created, changed field by field, replaced, pruned, deferred (pinned, suspended, held by a canary) or blocked, and in which order. An instance in the files is planned with its changed spec. The API server checks each write by a dry run where your rights allow it; else the rules of Kubernetes that this program holds do, and the plan says so. Instances to which the same happens are counted; --all lists them. Values of Secrets are hidden. Writes nothing.",
  positionals: [
    { name: 'file', summary: 'YAML, JSON, TypeScript or JavaScript files', variadic: true, required: true },
  ],
  options: [
    { name: 'delete', summary: 'plan the deletion of what the files hold' },
    { name: 'all', summary: 'list every instance' },
    { name: 'exit-code', summary: 'end with 2 when something would change, and with 3 when something is blocked' },
    {
      name: 'dry-run',
      summary: 'server: ask the API server; none: compute by the rules of Kubernetes',
      value: 'how',
      defaultValue: 'server',
    },
    {
      name: 'namespace',
      short: 'n',
      summary: 'plan only instances of this namespace, with reads in it alone',
      value: 'name',
    },
    {
      name: 'crds',
      summary: 'files or folders with CustomResourceDefinitions that the cluster does not have',
      value: 'paths',
    },
    { name: 'kubeconfig', summary: 'kubeconfig to read; by default as kubectl', value: 'file' },
    { name: 'context', summary: 'context of the kubeconfig', value: 'name' },
    { name: 'output', short: 'o', summary: 'text, json or yaml', value: 'form', defaultValue: 'text' },
  ],
  examples: [
    { command: 'typekro plan webapp.yaml', summary: 'what a changed definition does to all of its instances' },
    { command: 'typekro plan shop.yaml', summary: 'what a changed spec does to one instance' },
    { command: 'typekro plan --delete shop.yaml', summary: 'what is deleted with an instance, and in which order' },
    { command: 'typekro plan webapp.yaml --exit-code -o json', summary: 'for another program' },
  ],
  run: runPlan,
};

async function runPlan(context: CommandContext, input: CommandInput): Promise<number> {
  const print = reportPrinter(context, input);
  const loaded = await loadFiles(context, input.positionals);
  const target = await clusterTarget(context, input);
  try {
    const made = await planOfFiles(context, input, loaded, target);
    if (made === undefined) return ExitCode.diagnostics;
    const paint = paintFor(usesColour(context));
    const columns = context.terminal?.columns;
    const view = { paint, all: input.options['all'] === true, ...(columns === undefined ? {} : { columns }) };
    print({ data: made.plan, lines: () => planLines(made.plan, view) });
    return input.options['exit-code'] === true ? exitCodeOf(made.plan) : ExitCode.ok;
  } finally {
    await target.close();
  }
}

/** What `--exit-code` ends with. */
export function exitCodeOf(made: Plan): number {
  if (hasBlocked(made)) return ExitCode.blocked;
  return hasChanges(made) ? ExitCode.changes : ExitCode.ok;
}
