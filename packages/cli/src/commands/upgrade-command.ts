import { DEFINITION_TYPE, readFeatureGates, REVISION_TYPE, settingsOf } from '@typekro/controller/controller';
import { TypeKroError } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import { KroLevel } from '@typekro/engine/graph';
import { LiveSchemas } from '@typekro/kube';
import { type Command, type CommandContext, type CommandInput, ExitCode, textOption, usageError } from '../command.ts';
import { reportPrinter } from '../instance/print-report.ts';
import { packageVersion } from '../package-version.ts';
import { paintFor, usesColour } from '../plan/printed/paint.ts';
import { clusterTarget, planningOptions } from '../plan/plan-of-files.ts';
import { openPlanning, snapshotTarget } from '@typekro/app/plan';
import { readText } from '../plan/check-files.ts';
import { refuseCluster } from './plan-command.ts';
import {
  type DefinitionCheck,
  type GraphCheck,
  type UpgradeCheck,
  type UpgradeOptions,
  checkDefinition,
  checkGraph,
  graphsOf,
  isChanged,
  isGraphNewlyRefused,
  isNewlyRefused,
  requireRead,
} from '@typekro/app/upgrade';
import { upgradeLines } from '../upgrade/upgrade-lines.ts';
import { FURTHER_CRDS_OPTION, KUBECONFIG_OPTIONS, outputOption, refuseOptions } from '../command-options.ts';
import { APPLY_OPTIONS, applyPackages } from '../packages/apply-packages.ts';
import { installedWith, readInstalled } from '../packages/installed-objects.ts';
import { REGISTRY_OPTIONS } from '../packages/open-registry.ts';
import { pullChecked } from '../packages/pull-checked.ts';
import { VERIFY_OPTIONS } from '../packages/signature-options.ts';

const PACKAGE_OPTIONS = [...APPLY_OPTIONS, ...VERIFY_OPTIONS, ...REGISTRY_OPTIONS, FURTHER_CRDS_OPTION];

/**
 * `typekro upgrade --check`: prints what the controller of this version does with the definitions and Graphs of a
 * cluster. `typekro upgrade REFERENCE`: replaces an installed package by this version.
 */
export const upgrade: Command = {
  name: 'upgrade',
  description:
    'With a reference: plans and applies a package as typekro install does, in the place of its installed version. Definitions, Graphs and roles that the new version does not have are deleted when nothing uses them, or else stay with their rights and are named. With --check: checks all live definitions and Graphs with the controller of this version, before it replaces the controller of the cluster. Shows the definitions and Graphs that it refuses, the CustomResourceDefinitions and objects that it would write, and which of kro 0.9, kro 0.10 and this controller accept each definition and Graph. Both values of --kro-compatibility are checked, unless one is named; the rules of Graphs are the same at both. Name the feature gates with which the controller will run: without GraphKind it serves no Graph. Writes nothing. The exit code is 3 when a served definition or Graph would be refused, or else 2 when something would be written. Without the right to list definitions, revisions, instances or Graphs, the exit code is 1 and there is no result. `typekro bootstrap` carries out the upgrade.',
  positionals: [
    { name: 'reference', summary: 'oci://HOST/REPOSITORY:TAG, or …@sha256:DIGEST, of an installed package' },
  ],
  options: [
    { name: 'check', summary: 'compile and compare, and change nothing', answersByExitCode: true },
    {
      name: 'kro-compatibility',
      summary: 'the level at which the controller will run: 0.9 or 0.10; default both',
      value: 'level',
      choices: KroLevel.LEVELS,
    },
    { name: 'feature-gates', summary: 'the feature gates of the controller: GraphKind=true,…', value: 'gates' },
    { name: 'snapshot', summary: 'check a file of typekro snapshot, without a cluster', value: 'file' },
    { name: 'all', summary: 'list every instance' },
    ...PACKAGE_OPTIONS,
    ...KUBECONFIG_OPTIONS,
    outputOption(),
  ],
  examples: [
    { command: 'typekro upgrade --check', summary: 'before typekro bootstrap, or before kro is replaced' },
    { command: 'typekro upgrade --check --kro-compatibility 0.10', summary: 'for a controller at that level' },
    {
      command: 'typekro upgrade oci://registry.example.com/platform/web-app:1.3.0 --dry-run',
      summary: 'what the new version of an installed package would change',
    },
    { command: 'typekro upgrade --check --snapshot prod.json -o json', summary: 'in CI, without a cluster' },
  ],
  async run(context, input) {
    const [reference] = input.positionals;
    const others =
      reference === undefined ? PACKAGE_OPTIONS.map(({ name }) => name) : ['check', 'feature-gates', 'snapshot', 'all'];
    refuseOptions(input, others, reference === undefined ? 'the upgrade of a package' : 'the check of a controller');
    if (reference !== undefined) return upgradePackage(context, input, reference);
    const print = reportPrinter(context, input);
    const options = optionsOf(context, input);
    const made = await checkAll(context, input, options);
    const view = { paint: paintFor(usesColour(context)), all: input.options['all'] === true };
    print({ data: made, lines: () => upgradeLines(made, view) });
    const levels = made.definitions.flatMap((each) => each.levels.map((level) => ({ each, level })));
    const isRefused = levels.some(({ each, level }) => isNewlyRefused(each, level));
    if (isRefused || made.graphs.some(isGraphNewlyRefused)) return ExitCode.blocked;
    const hasChanges =
      levels.some(({ level }) => isChanged(level)) || made.graphs.some(({ plan }) => plan !== undefined);
    return hasChanges ? ExitCode.changes : ExitCode.ok;
  },
};

async function upgradePackage(context: CommandContext, input: CommandInput, text: string): Promise<number> {
  const checked = await pullChecked(context, input, text);
  await using target = await clusterTarget(context, input);
  const packages = await readInstalled({ api: target.api, signal: context.signal });
  installedWith(packages, checked.content.info.name);
  return await applyPackages(context, input, target, checked, packages);
}

async function checkAll(context: CommandContext, input: CommandInput, options: UpgradeOptions): Promise<UpgradeCheck> {
  const snapshot = textOption(input, 'snapshot');
  if (snapshot !== undefined) refuseCluster(input);
  await using target =
    snapshot === undefined
      ? await clusterTarget(context, input)
      : await snapshotTarget(await readText(context, snapshot), snapshot);
  await using planning = await openPlanning(target, planningOptions(context, input));
  const { planned, from } = planning;
  // Revisions are required, too: they are needed to check pinned instances, and to find the revision that a refused
  // definition keeps.
  for (const type of [DEFINITION_TYPE, REVISION_TYPE]) requireRead(planned, type);
  const schemas = new LiveSchemas(target.api);
  const live = planned.basics.definitions
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .toSorted((a, b) => compareText(a.metadata.name ?? '', b.metadata.name ?? ''));
  const definitions: DefinitionCheck[] = [];
  for (const object of live) definitions.push(await checkDefinition(planned, schemas, object, options));
  const graphs: GraphCheck[] = [];
  for (const object of await graphsOf(planned)) graphs.push(await checkGraph(planned, schemas, object, options));
  const limits = [...planned.basics.limits, ...planned.source.limits, ...planned.checker.limits];
  return { schemaVersion: 1, version: packageVersion(), source: from, definitions, graphs, limits };
}

function optionsOf(context: CommandContext, input: CommandInput): UpgradeOptions {
  if (input.options['check'] !== true) {
    throw usageError(
      'upgrade needs the reference of a package, or --check',
      'for the controller: typekro upgrade --check, then typekro bootstrap, which upgrades the controller',
    );
  }
  const text = textOption(input, 'kro-compatibility');
  const level = KroLevel.LEVELS.find((each) => each === text);
  if (text !== undefined && level === undefined) {
    const known = KroLevel.LEVELS.join(' or ');
    throw new TypeKroError(`--kro-compatibility takes ${known}, not "${text}"`, { code: 'cli/usage' });
  }
  const { features, problem, warnings } = readFeatureGates(textOption(input, 'feature-gates') ?? '');
  if (problem !== undefined) throw new TypeKroError(`--feature-gates: ${problem}`, { code: 'cli/usage' });
  for (const warning of warnings) context.printError(warning);
  return {
    levels: level === undefined ? KroLevel.LEVELS : [level],
    // With the gate, bootstrap and the chart name the Service of conversions, too.
    settings: { ...settingsOf({ features }, 'the options of this check'), conversions: features.versions },
  };
}
