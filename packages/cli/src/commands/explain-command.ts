import type { GroupVersionKind, KubeObject } from '@typekro/kit/core';
import { formatApiVersion, kubernetesDescriptionsText, TypeKroError, nearestName } from '@typekro/kit/core';
import { type Graph, type Hole, Nodes } from '@typekro/engine/graph';
import { textAt } from '@typekro/kit/kubernetes';
import type { Schema, SchemaSource } from '@typekro/engine/schema';
import {
  BuiltinDescriptions,
  builtinSource,
  combineSources,
  crdSource,
  FieldDescription,
} from '@typekro/engine/schema';
import { chooseDefinitions, DEFINITION_OPTION, onlyDefinition } from '../choose-definitions.ts';
import { type Command, type CommandContext, type CommandInput, ExitCode, textOption, usageError } from '../command.ts';
import { codeLines } from '../explain/code-page.ts';
import { documentedCodes } from '../lint/file-codes.ts';
import { type FieldReport, fieldReportLines } from '../explain/field-report-lines.ts';
import { fileSubject } from '../explain/subject.ts';
import { versionsReport } from '../explain/versions-report.ts';
import { reportPrinter } from '../instance/print-report.ts';
import { readChecked } from '../checks/checked.ts';
import { CRD_OPTIONS, knownCrds, shippedCustomKinds } from '../checks/known-crds.ts';
import { outputOption } from '../command-options.ts';

/** `typekro explain FILE [PATH]`, `typekro explain KIND[.PATH]`, `typekro explain CODE`. */
export const explain: Command = {
  name: 'explain',
  description:
    'Explains a field of the kind that a definition makes (spec.replicas), or of a node of it (deployment.spec.replicas): its type, default, rules and description. Explains kinds of Kubernetes and their fields in the same way (Deployment.spec.strategy), and those of custom kinds that come with typekro or that --crds and --kubeconfig name. Explains the code of a problem (graph/cycle): an example, and what to do.',
  positionals: [
    { name: 'subject', summary: 'a file or a kind, with a path after it, or a code', required: true },
    { name: 'path', summary: 'the path of the field, if the subject is a file; it may begin with the id of a node' },
  ],
  options: [
    outputOption('text, json or yaml', ['text', 'json', 'yaml']),
    {
      name: 'api-version',
      summary: 'version of the kind, when the kind has several: example.com/v1alpha1',
      value: 'version',
    },
    DEFINITION_OPTION,
    ...CRD_OPTIONS,
  ],
  examples: [
    { command: 'typekro explain app.rgd.yaml spec.replicas', summary: 'a field of the kind that a definition makes' },
    { command: 'typekro explain Deployment.spec.strategy', summary: 'a field of a kind of Kubernetes' },
    { command: 'typekro explain graph/cycle', summary: 'a code, as it is printed after a problem' },
  ],
  async run(context, input) {
    const [subject = '', path = ''] = input.positionals;
    const print = reportPrinter(context, input);
    const printField = (data: FieldReport): number => {
      print({ data, lines: () => fieldReportLines(data) });
      return ExitCode.ok;
    };
    const place = fileSubject(subject, path, context.cwd);
    if (place !== undefined) {
      const { failed, graphs, graphObjects } = await readChecked(context, input, [place.file]);
      if (failed) return ExitCode.diagnostics;
      return printField(await ofDefinition(context, input, chooseDefinitions(graphs, input, graphObjects), place.path));
    }
    const info = documentedCodes().find(({ code }) => code === subject);
    if (info !== undefined) {
      print({ data: { schemaVersion: 1, ...info }, lines: () => codeLines(info) });
      return ExitCode.ok;
    }
    if (subject.includes('/')) throw unknownCode(subject);
    return printField(await ofKind(context, input, [subject, path].filter((part) => part !== '').join('.')));
  },
};

const NO_PAGE =
  'docs/diagnostics.md lists the codes that have a page: those of problems in files; any other problem, such as cli/usage, is printed with its hint';

function unknownCode(code: string): TypeKroError {
  const codes = documentedCodes().map((info) => info.code);
  const sameName = codes.find((each) => each.split('/')[1] === code.split('/')[1]);
  const near = sameName ?? nearestName(code, codes);
  return usageError(`there is no page for the code ${code}`, near === undefined ? NO_PAGE : `did you mean ${near}?`);
}

/** Explains a field of the kind that the definition makes, or a field of one of the definition's nodes. */
async function ofDefinition(
  context: CommandContext,
  input: CommandInput,
  graphs: readonly Graph[],
  path: string,
): Promise<FieldReport> {
  const graph = onlyDefinition(graphs, `the files hold ${graphs.length} definitions`);
  const [first = '', ...rest] = FieldDescription.namesIn(path);
  const node = graph.nodes.get(first);
  if (node === undefined) {
    const { crd, kind, version } = graph.instance;
    const source = crdSource([crd]);
    const wanted = textOption(input, 'api-version');
    const type = wanted === undefined ? graph.instance : findKind(source, kind, wanted);
    if (type === undefined) throw unknownKind(kind, wanted, [source]);
    const names = FieldDescription.namesIn(path);
    const report = reportOn(source.schemaOf(type) ?? {}, type, names, undefined, [...graph.nodes.keys()]);
    const isComputed = names[0] === 'status' && type.version === version;
    const computed = isComputed ? expressionsAt(graph.status.holes, names.slice(1)) : undefined;
    return { ...report, ...(computed === undefined ? {} : { set: computed }), ...versionsReport(crd, type, names) };
  }
  const set = expressionsAt(node.template.holes, rest);
  // A node without a known type has no schema.
  if (!Nodes.isTyped(node)) {
    const shown = { group: '', version: '', kind: Nodes.kindOf(node) };
    return { ...reportOn({}, shown, rest, undefined), path, ...(set === undefined ? {} : { set }) };
  }
  const isBuiltin = builtinSource().schemaOf(node.type) !== undefined;
  const { schema, describe } = schemaOf(node.type, isBuiltin ? [] : await customKinds(context, input));
  const report = reportOn(schema, node.type, rest, describe);
  return {
    ...report,
    path: [first, report.path].filter((part) => part !== '').join('.'),
    ...(set === undefined ? {} : { set }),
  };
}

/**
 * Returns the expressions in a field of a template or of the status, joined with commas; undefined when the field has
 * no expression.
 */
function expressionsAt(holes: readonly Hole[], path: readonly string[]): string | undefined {
  const names = path.join('.');
  const found = holes.filter(({ pathText }) => names !== '' && FieldDescription.namesIn(pathText).join('.') === names);
  return found.length === 0
    ? undefined
    : found.map(({ expression: { template: text, cel } }) => text ?? `\${${cel}}`).join(', ');
}

/** Explains `KIND.PATH`. The kind can also be a plural, singular or short name. */
async function ofKind(context: CommandContext, input: CommandInput, subject: string): Promise<FieldReport> {
  const [word = '', ...path] = FieldDescription.namesIn(subject);
  const crds = await customKinds(context, input);
  const wanted = textOption(input, 'api-version');
  const sources = [builtinSource(), crdSource(crds)];
  const type = findKind(combineSources(...sources), word, wanted);
  if (type === undefined) throw unknownKind(word, wanted, sources);
  const crd = crds.find(
    ({ spec }) => textAt(spec, 'group') === type.group && textAt(spec, 'names', 'kind') === type.kind,
  );
  const { schema, describe } = schemaOf(type, crds);
  return { ...reportOn(schema, type, path, describe), ...(crd === undefined ? {} : versionsReport(crd, type, path)) };
}

/** The CRDs that the options name, and after them those of this package. */
async function customKinds(context: CommandContext, input: CommandInput): Promise<readonly KubeObject[]> {
  const nothing = { objects: [], diagnostics: [], texts: new Map<string, string>() };
  const { crds } = await knownCrds(context, input, nothing, { reads: 'all' });
  return [...crds, ...shippedCustomKinds()];
}

function findKind(source: SchemaSource, word: string, apiVersion: string | undefined): GroupVersionKind | undefined {
  const name = word.toLowerCase();
  return [...source.kinds()].find((type) => {
    if (apiVersion !== undefined && formatApiVersion(type) !== apiVersion) return false;
    const info = source.resourceOf(type);
    const names = [type.kind.toLowerCase(), info?.plural, info?.singular, ...(info?.shortNames ?? [])];
    return names.includes(name);
  });
}

function unknownKind(word: string, apiVersion: string | undefined, sources: readonly SchemaSource[]): TypeKroError {
  const kinds = sources.flatMap((source) => [...source.kinds()]);
  const versions = kinds.filter(({ kind }) => kind.toLowerCase() === word.toLowerCase()).map(formatApiVersion);
  const near = nearestName(word, new Set(kinds.map(({ kind }) => kind)));
  const where = apiVersion === undefined ? '' : ` in ${apiVersion}`;
  return new TypeKroError(`there is no file, kind or code ${word}${where}`, {
    code: 'cli/usage',
    remedy:
      versions.length > 0
        ? `${word} is served in ${versions.join(', ')}`
        : near === undefined
          ? 'name a kind of Kubernetes, or its CustomResourceDefinition with --crds'
          : `did you mean ${near}?`,
  });
}

type Describe = (fields: readonly string[]) => string | undefined;

/** The schema of a kind. Schemas of built-in kinds have no descriptions, so `describe` looks them up. */
function schemaOf(
  type: GroupVersionKind,
  crds: readonly KubeObject[],
): { readonly schema: Schema; readonly describe: Describe | undefined } {
  const builtin = builtinSource();
  const schema = builtin.schemaOf(type);
  if (schema === undefined) return { schema: crdSource(crds).schemaOf(type) ?? {}, describe: undefined };
  const texts = JSON.parse(kubernetesDescriptionsText()) as BuiltinDescriptions;
  return {
    schema,
    describe(fields) {
      if (fields.length === 0) return BuiltinDescriptions.ofKind(texts, type.kind, type.group);
      const owner = builtin.ownerOf(type, fields);
      return owner === undefined ? undefined : BuiltinDescriptions.ofField(texts, owner, fields.at(-1) ?? '');
    },
  };
}

function reportOn(
  root: Schema,
  type: GroupVersionKind,
  names: readonly string[],
  describe: Describe = () => undefined,
  otherNames: readonly string[] = [],
): FieldReport {
  const found = FieldDescription.find(root, names);
  if (!found.ok) {
    const place = found.at.length === 0 ? type.kind : found.at.join('.');
    const known = found.at.length === 0 ? [...found.known, ...otherNames] : found.known;
    const near = found.near ?? nearestName(found.name, known);
    throw new TypeKroError(`${place} has no field ${found.name}`, {
      code: 'cli/usage',
      remedy:
        near !== undefined
          ? `did you mean ${[...found.at, near].join('.')}?`
          : known.length === 0
            ? `${place} has no fields below it`
            : `known names: ${known.join(', ')}`,
    });
  }
  const { schema, required } = found;
  const facts = FieldDescription.of(schema, required, describe(names) ?? schema.description);
  const kind = `${type.kind} ${formatApiVersion(type)}`;
  const fields = FieldDescription.membersOf(schema, (name) => describe([...names, name]));
  return { schemaVersion: 1, kind, path: names.join('.'), ...facts, fields };
}
