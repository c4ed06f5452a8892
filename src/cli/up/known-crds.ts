import type { Diagnostic, GroupVersionKind, JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject, parseApiVersion, parseJson, shippedDefinitionsText } from '../../core/index.ts';
import { controllerCrds, isCrd, isDefinition, isGraphObject, kindsUsed } from '../../graph/index.ts';
import { builtinSource, crdSource } from '../../schema/index.ts';
import type { CommandContext, CommandInput, OptionSpec } from '../command.ts';
import { namesCluster, textOption } from '../command.ts';
import { readSources } from '../generate/read-sources.ts';
import type { InputObject, LoadedInputs } from './load-inputs.ts';
import { asKubeObject } from './read-manifest.ts';
import { CONTEXT_OPTION } from '../kubeconfig-options.ts';

/** CustomResourceDefinitions in addition to those in the files. */
export interface KnownCrds {
  readonly crds: readonly KubeObject[];
  /** Groups for which the package's own CRDs are used, because no other CRD defines the kinds that the files use. */
  readonly shippedGroups: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  /** Text of each file with problems, for excerpts. */
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
 * Reads the CRDs that the options name. For kinds that are still unknown, adds the CRDs of the package.
 *
 * @throws TypeKroError the errors of `readSources`, and of a cluster that does not answer.
 */
export async function knownCrds(
  context: CommandContext,
  input: CommandInput,
  inputs: LoadedInputs,
): Promise<KnownCrds> {
  const names = (textOption(input, 'crds') ?? '').split(',').filter((name) => name !== '');
  const sources =
    names.length === 0
      ? { documents: [], diagnostics: [], texts: new Map<string, string>() }
      : await readSources(names, context.cwd, () => context.readInput(), READER);
  const used = new Set(
    inputs.objects.flatMap(({ object }) => [...kindsOf(object).map(({ group }) => group), ...instanceGroup(object)]),
  );
  const nothing: Diagnostic[] =
    names.length > 0 &&
    sources.diagnostics.length === 0 &&
    !sources.documents.some((document) => crdsIn(document).length > 0)
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
  const named = [
    ...sources.documents.flatMap(crdsIn),
    ...live.flatMap(crdsIn).filter((crd) => used.has(groupOf(crd)) && !isOwn(crd)),
  ];
  const given = [...named, ...inputs.objects.map(({ object }) => object).filter(isCrd)];
  const shipped = shippedCrds(unknownGroups(inputs.objects, given));
  const shippedGroups = [...new Set(shipped.map(groupOf))];
  return {
    crds: [...named, ...shipped],
    shippedGroups,
    diagnostics: [...sources.diagnostics, ...nothing],
    texts: sources.texts,
  };
}

/** A line that names the package's CRDs in use; `undefined` when there are none. */
export function shippedNote({ shippedGroups }: KnownCrds): string | undefined {
  if (shippedGroups.length === 0) return undefined;
  return `note: the kinds of ${shippedGroups.join(', ')} are checked against the CustomResourceDefinitions that come with typekro; name those of your cluster with --crds or --kubeconfig`;
}

function crdsIn(document: JsonValue): KubeObject[] {
  const items = isJsonObject(document) && document['kind'] === 'List' ? document['items'] : [document];
  return (Array.isArray(items) ? items : [])
    .map(asKubeObject)
    .filter((object) => object !== undefined && isCrd(object)) as KubeObject[];
}

/** Is a CRD one of the controller's own? The controller installs these itself. */
function isOwn({ metadata }: KubeObject): boolean {
  return controllerCrds().some((crd) => crd.metadata.name === metadata.name);
}

function groupOf({ spec }: KubeObject): string {
  const group = spec?.['group'];
  return typeof group === 'string' ? group : '';
}

/** Groups of kinds that the files use and no given CRD defines. */
function unknownGroups(inputs: readonly InputObject[], given: readonly KubeObject[]): ReadonlySet<string> {
  const [builtin, named] = [builtinSource(), crdSource(given)];
  const groups = new Set<string>();
  for (const type of inputs.flatMap(({ object }) => kindsOf(object))) {
    if (builtin.schemaOf(type) === undefined && named.schemaOf(type) === undefined) groups.add(type.group);
  }
  return groups;
}

/** The group of a definition's API, which the cluster may serve already. */
function instanceGroup(object: KubeObject): string[] {
  if (!isDefinition(object)) return [];
  const { group = 'kro.run' } = (object.spec?.['schema'] ?? {}) as { readonly group?: unknown };
  return typeof group === 'string' ? [group] : [];
}

/** The kind of an object; for a definition and for a Graph, the kinds that it names. */
function kindsOf(object: KubeObject): GroupVersionKind[] {
  if (isDefinition(object) || isGraphObject(object)) return kindsUsed(object.spec);
  return [{ ...parseApiVersion(object.apiVersion), kind: object.kind }];
}

/** The package's own CRDs of some groups. Without a group, the function does not read the files of the CRDs. */
export function shippedCrds(groups: ReadonlySet<string>): KubeObject[] {
  return groups.size === 0 ? [] : shippedCustomKinds().filter((crd) => groups.has(groupOf(crd)));
}

/** All CustomResourceDefinitions that come with the package. */
export function shippedCustomKinds(): KubeObject[] {
  const lists = parseJson(shippedDefinitionsText());
  return (Array.isArray(lists) ? lists : []).flatMap(crdsIn);
}

const READER = {
  name: '--crds',
  what: 'CustomResourceDefinitions',
  program: 'name the files of the definitions; for the definitions of a composition run typekro gitops',
  helm: 'helm template CHART --include-crds > crds.yaml, and pass the resulting file',
};
