import type { Diagnostic, GroupVersionKind, KubeObject } from '@typekro/kit/core';
import { type InputObject } from '@typekro/app/plan';
import { parseApiVersion, parseJson, shippedDefinitionsText } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import { controllerCrds, GraphObject, isDefinition, Kinds } from '@typekro/engine/graph';
import { builtinSource, crdSource } from '@typekro/engine/schema';
import { type CommandContext, type CommandInput, type OptionSpec, namesCluster, textOption } from '../command.ts';
import { readSources } from '../generate/read-sources.ts';
import type { LoadedInputs } from '../inputs/load-inputs.ts';
import { objectsOf } from '../inputs/read-manifest.ts';
import { CONTEXT_OPTION } from '../command-options.ts';

/** CustomResourceDefinitions in addition to those in the files. */
export interface KnownCrds {
  readonly crds: readonly KubeObject[];
  /** The CRDs of `--crds` whose kinds the files use. */
  readonly usedOfFiles: readonly KubeObject[];
  /** The API groups for which this package's CRDs are used, because no other CRD defines the kinds in the files. */
  readonly shippedGroups: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  /** The content of each file of `--crds`, keyed by file name, for excerpts. */
  readonly texts: ReadonlyMap<string, string>;
}

/** The options that name sources of CustomResourceDefinitions. */
export const CRD_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'crds',
    summary: 'files or folders with CustomResourceDefinitions, separated by commas',
    value: 'paths',
    repeatable: true,
  },
  {
    name: 'kubeconfig',
    summary: 'also use the CustomResourceDefinitions of the cluster of this kubeconfig',
    value: 'file',
  },
  CONTEXT_OPTION,
];

/**
 * Reads the CRDs that the options name; with `used`, the default, only those that name a group or a kind of the files. If a kind is
 * still unknown, adds this package's CRDs of its API group, unless the CRDs of a cluster decide.
 *
 * @throws TypeKroError the errors of `readSources`, and of an unreachable cluster.
 */
export async function knownCrds(
  context: CommandContext,
  input: CommandInput,
  inputs: LoadedInputs,
  { reads = 'used', isCluster = namesCluster(input) }: { reads?: 'all' | 'used'; isCluster?: boolean } = {},
): Promise<KnownCrds> {
  const names = (textOption(input, 'crds') ?? '').split(',').filter((name) => name !== '');
  const kinds = inputs.objects.flatMap(({ object }) => kindsOf(object));
  const used = new Set([
    ...kinds.map(({ group }) => group),
    ...inputs.objects.flatMap(({ object }) => instanceGroup(object)),
  ]);
  // Kinds with a wrong group are also read, so that a message can name the right group.
  const words = [...used, ...kinds.map(({ kind }) => kind)].filter((word) => word !== '');
  const isWanted = (text: string): boolean =>
    !text.includes('CustomResourceDefinition') || words.some((word) => text.includes(word));
  const sources =
    names.length === 0
      ? { documents: [], diagnostics: [], texts: new Map<string, string>(), skipped: 0 }
      : await readSources(
          names,
          context.cwd,
          () => context.readInput(),
          READER,
          reads === 'all' ? undefined : isWanted,
        );
  const nothing: Diagnostic[] =
    names.length > 0 &&
    sources.diagnostics.length === 0 &&
    sources.skipped === 0 &&
    !sources.documents.some((document) => objectsOf(document).some(Kinds.isCrd))
      ? [
          {
            code: 'input/no-crds',
            severity: 'error',
            message: `there is no CustomResourceDefinition in ${names.join(', ')}`,
            hint: 'name a file or a folder that holds them',
          },
        ]
      : [];
  const live = namesCluster(input) ? await (await import('./named-cluster.ts')).readCrds(context, input) : [];
  const ofFiles = sources.documents.flatMap(objectsOf).filter(Kinds.isCrd);
  const isUsed = (crd: KubeObject): boolean => (reads === 'all' || used.has(groupOf(crd))) && !isOwn(crd);
  const named = [...ofFiles, ...live.flatMap(objectsOf).filter((crd) => Kinds.isCrd(crd) && isUsed(crd))];
  const given = [...named, ...inputs.objects.map(({ object }) => object).filter(Kinds.isCrd)];
  const shipped = isCluster ? [] : shippedCrds(unknownGroups(inputs.objects, given));
  const shippedGroups = [...new Set(shipped.map(groupOf))];
  return {
    crds: [...named, ...shipped],
    usedOfFiles: ofFiles.filter((crd) =>
      kinds.some(({ group, kind }) => group === groupOf(crd) && kind === textAt(crd.spec, 'names', 'kind')),
    ),
    shippedGroups,
    diagnostics: [...sources.diagnostics, ...nothing],
    texts: sources.texts,
  };
}

/** Returns a note about the used CRDs of this package, or `undefined` when none is used. */
export function shippedNote({ shippedGroups }: KnownCrds): string | undefined {
  if (shippedGroups.length === 0) return undefined;
  return `note: the kinds of ${shippedGroups.join(', ')} are checked against the CustomResourceDefinitions that come with typekro; name those of your cluster with --crds or --kubeconfig`;
}

/** Is it one of the CRDs that the controller installs itself? */
function isOwn({ metadata }: KubeObject): boolean {
  return controllerCrds().some((crd) => crd.metadata.name === metadata.name);
}

const groupOf = ({ spec }: KubeObject): string => textAt(spec, 'group');

/** Returns the groups of kinds that the files use and that no given CRD defines. */
function unknownGroups(inputs: readonly InputObject[], given: readonly KubeObject[]): ReadonlySet<string> {
  const [builtin, named] = [builtinSource(), crdSource(given)];
  const groups = new Set<string>();
  for (const type of inputs.flatMap(({ object }) => kindsOf(object))) {
    if (builtin.schemaOf(type) === undefined && named.schemaOf(type) === undefined) groups.add(type.group);
  }
  return groups;
}

/** Returns the group of a definition's API, which the cluster may already serve. */
function instanceGroup(object: KubeObject): string[] {
  if (!isDefinition(object)) return [];
  const { group = 'kro.run' } = (object.spec?.['schema'] ?? {}) as { readonly group?: unknown };
  return typeof group === 'string' ? [group] : [];
}

/** Returns the kind of an object or, for a definition or a Graph, the kinds that it uses. */
function kindsOf(object: KubeObject): GroupVersionKind[] {
  if (isDefinition(object) || GraphObject.is(object)) return Kinds.used(object.spec);
  return [{ ...parseApiVersion(object.apiVersion), kind: object.kind }];
}

/** Returns this package's CRDs of these groups. If there are no groups, the CRD files are not read. */
export function shippedCrds(groups: ReadonlySet<string>): KubeObject[] {
  return groups.size === 0 ? [] : shippedCustomKinds().filter((crd) => groups.has(groupOf(crd)));
}

/** Returns all CustomResourceDefinitions in this package. */
export function shippedCustomKinds(): KubeObject[] {
  const lists = parseJson(shippedDefinitionsText());
  return (Array.isArray(lists) ? lists : []).flatMap(objectsOf).filter(Kinds.isCrd);
}

const READER = {
  name: '--crds',
  what: 'CustomResourceDefinitions',
  program: 'name files with CustomResourceDefinitions; typekro types FILE -o crd prints the one of a composition',
  helm: 'helm template CHART --include-crds > crds.yaml, and pass the resulting file',
};
