import { resolve } from 'node:path';
import { type Diagnostic, type JsonValue, count, hasErrors, isJsonObject, nearestName } from '@typekro/kit/core';
import { generateChart, generateFactories } from '@typekro/sdk/factories';
import { readClusterCrds } from '../cluster-client.ts';
import { type Command, type CommandContext, type CommandInput, ExitCode, textOption, usageError } from '../command.ts';
import { type Sources, readSources } from '../generate/read-sources.ts';
import { writeFiles, exitOfFiles, printFiles } from '../generate/write-files.ts';
import { printDiagnostics } from '../checks/print-diagnostics.ts';
import { shellWord } from '@typekro/app/text';
import { CONTEXT_OPTION } from '../command-options.ts';

/** `typekro generate`: generates typed factories for the kinds of CustomResourceDefinitions. */
export const generate: Command = {
  name: 'generate',
  description:
    'Reads CustomResourceDefinitions and writes TypeScript: for each served version of each kind, the types of its spec and status, and a function that makes an object of the kind inside a composition. The same definitions always produce the same text.',
  positionals: [
    { name: 'source', summary: 'YAML or JSON files, folders with such files, or - for standard input', variadic: true },
  ],
  options: [
    { name: 'out', summary: 'folder to write to', value: 'folder', defaultValue: 'generated' },
    { name: 'files', summary: 'one file for each "group" or each "kind"', value: 'how', defaultValue: 'group' },
    { name: 'types-only', summary: 'leave the schemas out: smaller files, fewer checks before a deploy' },
    { name: 'check', summary: 'write nothing; exit with 4 when a file is missing or differs' },
    { name: 'cluster', summary: 'also read the CustomResourceDefinitions of a cluster' },
    { name: 'kubeconfig', summary: 'a kubeconfig file, for --cluster; default as kubectl', value: 'file' },
    CONTEXT_OPTION,
    { name: 'chart', summary: 'the source is the values.schema.json of this Helm chart', value: 'name' },
    { name: 'repository', summary: 'address of the repository of the chart', value: 'url' },
    { name: 'chart-version', summary: 'version or range of the chart; default the newest', value: 'version' },
    { name: 'group', summary: 'only kinds of this API group', value: 'name' },
  ],
  examples: [
    { command: 'typekro generate crds/ --out src/kinds', summary: 'src/kinds/example.com.ts and so on' },
    { command: 'kubectl get crd -o yaml | typekro generate -', summary: 'what kubectl prints' },
    {
      command: 'typekro generate values.schema.json --chart redis --repository https://charts.example.com/stable',
      summary: 'a Helm chart as a typed node',
    },
    {
      command: 'typekro generate --cluster --group cert-manager.io',
      summary: 'only the kinds of one project, from a cluster',
    },
  ],
  async run(context, input) {
    const layout = textOption(input, 'files') ?? 'group';
    if (layout !== 'group' && layout !== 'kind') return usage(`--files takes group or kind, not ${layout}`);
    const cluster = input.options['cluster'] === true;
    refuseIdle(input);
    if (input.positionals.length === 0 && !cluster) return usage('name files, folders or - , or use --cluster');
    const sources = await collect(context, input, cluster);
    const { files, factories, diagnostics } = write(input, sources.documents, layout);
    const all = [
      ...sources.diagnostics,
      ...diagnostics,
      ...noDefinitions(files.size, [...sources.diagnostics, ...diagnostics], input, sources.documents),
    ];
    printDiagnostics(context, all, sources.texts);
    const out = textOption(input, 'out') ?? 'generated';
    const check = input.options['check'] === true;
    const changes = await writeFiles(resolve(context.cwd, out), files, { check });
    printFiles(context, changes, check);
    if (files.size > 0) context.print(`${count(factories, 'factory', 'factories')} in ${count(files.size, 'file')}`);
    if (hasErrors(all)) return ExitCode.diagnostics;
    return exitOfFiles(context, changes, check, 'the definitions');
  },
};

/** The diagnostic for a run that wrote nothing and has no other error. */
function noDefinitions(
  files: number,
  reported: readonly Diagnostic[],
  input: CommandInput,
  documents: readonly JsonValue[],
): readonly Diagnostic[] {
  if (files > 0 || hasErrors(reported)) return [];
  const where = [...input.positionals, ...(input.options['cluster'] === true ? ['the cluster'] : [])].join(', ');
  const problem = (message: string, hint: string): readonly Diagnostic[] => [
    { code: 'generate/nothing', severity: 'error', message, hint },
  ];
  const group = textOption(input, 'group');
  const groups = [...new Set(documents.flatMap(itemsOf).flatMap((item) => groupOf(item) ?? []))].toSorted();
  if (group !== undefined && groups.length > 0 && !groups.includes(group)) {
    const near = nearestName(group, groups);
    return problem(
      `no CustomResourceDefinition in ${where} is of the group ${group}`,
      near === undefined ? `known groups: ${groups.join(', ')}` : `did you mean --group ${near}?`,
    );
  }
  if (groups.length > 0) {
    return problem(`no CustomResourceDefinition in ${where} has a served version`, 'set served: true in a version');
  }
  const kinds = [...new Set(documents.map((document) => (isJsonObject(document) ? document['kind'] : undefined)))];
  const found = kinds.filter((kind) => typeof kind === 'string').slice(0, 5);
  const holds = found.length === 0 ? '' : `; found: ${found.join(', ')}`;
  return problem(
    `there is no CustomResourceDefinition in ${where}${holds}`,
    found.includes('ResourceGraphDefinition')
      ? 'generate makes factories for kinds: name files with CustomResourceDefinitions, or take those of a cluster with --cluster'
      : 'name files with CustomResourceDefinitions; for the values.schema.json of a chart give --chart and --repository',
  );
}

/** The items of a list, or the document itself. */
function itemsOf(document: JsonValue): readonly JsonValue[] {
  const items = isJsonObject(document) ? document['items'] : undefined;
  return Array.isArray(items) ? items : [document];
}

/**
 * Returns the group of a CustomResourceDefinition. Does not test the kind, because the items of a
 * `CustomResourceDefinitionList` have none.
 */
function groupOf(document: JsonValue): string | undefined {
  const spec = isJsonObject(document) ? document['spec'] : undefined;
  const { group, names } = isJsonObject(spec) ? spec : {};
  return typeof group === 'string' && isJsonObject(names) ? group : undefined;
}

/** Generates the files for a chart or for CRDs. */
function write(input: CommandInput, documents: readonly JsonValue[], layout: 'group' | 'kind') {
  const command = commandLine(input, layout);
  const chart = textOption(input, 'chart');
  if (chart === undefined) {
    const schemas = input.options['types-only'] !== true;
    const wanted = inGroup(documents, textOption(input, 'group'));
    const { files, kinds, diagnostics } = generateFactories(wanted, { command, files: layout, schemas });
    return { files, factories: kinds.length, diagnostics };
  }
  const repository = textOption(input, 'repository');
  const [schema, ...others] = documents;
  if (repository === undefined)
    return usage('--chart needs --repository', 'add --repository https://…, the address that helm repo add takes');
  if (!isJsonObject(schema) || others.length > 0) return usage('--chart takes one values.schema.json');
  const version = textOption(input, 'chart-version');
  const made = generateChart(schema, { chart, repository, command, ...(version === undefined ? {} : { version }) });
  return { ...made, factories: made.files.size };
}

/** Refuses an option without the option that it belongs to, because ignoring it would hide a mistake of the user. */
function refuseIdle(input: CommandInput): void {
  for (const [name, owner] of OWNERS) {
    if (input.options[name] !== undefined && input.options[owner] === undefined)
      usage(`--${name} needs --${owner}`, `add --${owner}, or leave --${name} out`);
  }
}

const OWNERS: readonly (readonly [option: string, owner: string])[] = [
  ['repository', 'chart'],
  ['chart-version', 'chart'],
  ['kubeconfig', 'cluster'],
  ['context', 'cluster'],
];

function usage(message: string, remedy = 'typekro generate --help lists the options'): never {
  throw usageError(message, remedy);
}

async function collect(context: CommandContext, input: CommandInput, cluster: boolean): Promise<Sources> {
  const named =
    input.positionals.length === 0
      ? { documents: [], diagnostics: [], skipped: 0, texts: new Map<string, string>() }
      : await readSources(input.positionals, context.cwd, () => context.readInput(), READER);
  return cluster ? { ...named, documents: [...named.documents, ...(await readClusterCrds(context, input))] } : named;
}

/** Drops the CRDs of other groups. A list object keeps its form, with fewer items. */
function inGroup(documents: readonly JsonValue[], group: string | undefined): readonly JsonValue[] {
  if (group === undefined) return documents;
  return documents.flatMap((document): readonly JsonValue[] => {
    const items = itemsOf(document).filter((item) => groupOf(item) === group);
    return isJsonObject(document) && Array.isArray(document['items']) ? [{ ...document, items }] : items;
  });
}

/**
 * The command line in the head of each file. It generates the same files again, so it does not contain `--check`. It
 * does not contain `--kubeconfig` either, because this path is private.
 */
function commandLine(input: CommandInput, layout: string): string {
  const texts = ['context', 'group', 'chart', 'repository', 'chart-version', 'out'].flatMap((name) => {
    const value = textOption(input, name);
    return value === undefined ? [] : [`--${name}`, shellWord(value)];
  });
  const switches = ['cluster', 'types-only'].filter((name) => input.options[name] === true).map((name) => `--${name}`);
  const files = layout === 'group' ? [] : ['--files', layout];
  return ['typekro', 'generate', ...input.positionals.map(shellWord), ...switches, ...files, ...texts].join(' ');
}

const READER = {
  name: 'generate',
  what: 'CustomResourceDefinitions',
  program: 'name files with CustomResourceDefinitions; typekro types FILE -o crd prints the one of a composition',
  helm: 'helm template CHART --include-crds | typekro generate -',
};
