import type { DefinitionRevision, ControllerSettings } from '@typekro/controller/controller';
import { CRD_KIND, compileLiveDocument, definitionRevisions, runningRollout } from '@typekro/controller/controller';
import {
  type Diagnostic,
  type KubeObject,
  definedMembers,
  formatDiagnostic,
  isJsonObject,
  parseApiVersion,
} from '@typekro/kit/core';
import { Conversion } from '@typekro/engine/conversion';
import { CrdSchema, pluralize } from '@typekro/engine/schema';
import { GraphOutline, parseDefinitions, Path } from '@typekro/engine/graph';
import type {
  DefinitionDetail,
  DefinitionRow,
  InstanceRow,
  RevisionDetail,
  RolloutState,
  SourceDiagnostic,
  VersionsDetail,
} from '@typekro/controller/inspect';
import { type KubernetesApi, unlessFailed } from '@typekro/kube';
import { countAt, listAt, objectAt, objectsAt, textAt, withoutServerFields } from '@typekro/kit/kubernetes';
import { readConditions } from '@typekro/engine/runtime';
import { revisionRows, instancesOfDefinition } from '@typekro/app/instance';
import { maskSecrets } from '@typekro/app/plan';
import { yamlOf } from '@typekro/app/text';
import { graphEdges, SALT } from './graph-edges.ts';
import { isRollingOut } from './index-rows.ts';

/** The input of `definitionDetail`. */
export interface DefinitionDetailInput {
  readonly api: KubernetesApi;
  readonly definition: KubeObject;
  readonly row: DefinitionRow;
  /** The instances of the definition that the caller may list. */
  readonly instances: readonly InstanceRow[];
  readonly settings: ControllerSettings;
  readonly signal: AbortSignal;
}

/** Compiles the present spec of a definition, and reads its revisions. */
export async function definitionDetail(input: DefinitionDetailInput): Promise<DefinitionDetail> {
  const { api, definition, row, instances, settings, signal } = input;
  const text = definitionText(withoutSecrets(definition));
  const { documents, diagnostics: unparsed } = parseDefinitions(text);
  const [document] = documents;
  const pinnedTo = (revision: number): readonly string[] =>
    instances
      .filter((each) => each.pinned === true && each.revision === revision)
      .map(({ namespace, name }) => (namespace === undefined ? name : `${namespace}/${name}`))
      .sort();
  // Only the state of a rollout depends on the instance objects. Listing thousands of instances costs more than all
  // other reads.
  const isRolling = isRollingOut(row.conditions);
  const crdName = `${pluralize(row.kind.toLowerCase())}.${parseApiVersion(row.apiVersion).group}`;
  const hasVersions = listAt(definition.spec, 'schema', 'versions').length > 0;
  const [compiled, crd, issued, live] = await Promise.all([
    document === undefined ? undefined : compileLiveDocument(api, document, signal, settings),
    hasVersions ? unlessFailed(api.get({ ...CRD_KIND, name: crdName }, { signal })) : undefined,
    definitionRevisions(api, definition.metadata.name ?? '', signal),
    isRolling ? instancesOfDefinition(api, definition, { metadataOnly: true, signal }) : [],
  ]);
  const graph = compiled?.graph;
  const versions = hasVersions ? versionsOf(definition, graph?.instance.crd, crd) : undefined;
  const found = [...unparsed, ...(compiled?.diagnostics ?? [])];
  const newest = issued.at(-1);
  const rollout = !isRolling || newest === undefined ? undefined : rolloutState(definition, newest, live ?? []);
  return {
    definition: row,
    ...(graph === undefined
      ? {}
      : { graph: GraphOutline.of(graph), ...schemasOf(graph.instance.crd, graph.instance.version) }),
    edges: graph === undefined ? [] : graphEdges(graph),
    ...definedMembers({ versions }),
    namespaced: graph?.instance.namespaced ?? textAt(definition.spec, 'schema', 'scope') !== 'Cluster',
    source: { text, ...(text === definitionText(definition) ? {} : { masked: true }) },
    diagnostics: found.map((diagnostic) => sourceDiagnostic(diagnostic, text, definition)),
    revisions: revisionRows(definition, issued, pinnedTo).map(({ created, ...revision }) => ({
      ...revision,
      ...(created === '' ? {} : { createdAt: created }),
    })),
    followers: followersOf(instances),
    ...(rollout === undefined ? {} : { rollout }),
    notes: live === undefined ? [`the roll-out is not shown: you may not list all instances of ${row.kind}`] : [],
  };
}

/** Returns one revision as YAML text, or `undefined` when the definition does not have the revision. */
export async function revisionDetail(
  api: KubernetesApi,
  name: string,
  revision: number,
  signal: AbortSignal,
): Promise<RevisionDetail | undefined> {
  const found = (await definitionRevisions(api, name, signal)).find(({ number }) => number === revision);
  if (found === undefined) return undefined;
  const { spec } = found;
  const object = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', metadata: { name }, spec };
  return { revision, text: yamlOf(withoutSecrets(object)) };
}

/** Masks the literals in the templates of Secrets of a definition. Expressions are not changed. */
const withoutSecrets = (definition: KubeObject): KubeObject => maskSecrets(SALT, [definition])(definition);

/** Prints the definition as YAML, with only the fields that an author writes. */
const definitionText = (definition: KubeObject): string => {
  const { apiVersion, kind, metadata, ...rest } = withoutServerFields(definition);
  const { annotations, finalizers: _finalizers, ...kept } = isJsonObject(metadata) ? metadata : {};
  const own = Object.entries(isJsonObject(annotations) ? annotations : {}).filter(
    ([key]) => key !== 'kubectl.kubernetes.io/last-applied-configuration',
  );
  return yamlOf({
    apiVersion,
    kind,
    metadata: { ...kept, ...(own.length === 0 ? {} : { annotations: Object.fromEntries(own) }) },
    ...rest,
  });
};

/** Converts a problem for the page: adds its location in the text, and the node that has the problem. */
export function sourceDiagnostic(
  { source, ...diagnostic }: Diagnostic,
  text: string,
  definition?: KubeObject,
): SourceDiagnostic {
  const node = definition === undefined ? undefined : nodeAt(diagnostic.path ?? '', definition);
  const own = { ...diagnostic, ...(node === undefined ? {} : { node }) };
  if (source === undefined) return own;
  const { line, column } = source;
  const [, ...lines] = formatDiagnostic(
    { code: '', severity: 'error', message: '', source: { line, column } },
    text,
  ).split('\n');
  return { ...own, source: { line, column }, ...(lines.length === 0 ? {} : { excerpt: lines }) };
}

/** The id of the node at a path such as `spec.resources[0].template`. */
function nodeAt(path: string, { spec }: KubeObject): string | undefined {
  const parsed = Path.parse(path);
  const [root, list, index] = parsed.ok ? parsed.steps : [];
  if (root !== 'spec' || list !== 'resources' || typeof index !== 'number') return undefined;
  return textAt(objectsAt(spec, 'resources')[index], 'id') || undefined;
}

/** The schemas of an instance in a version of a CRD. */
function schemasOf(crd: KubeObject, name: string): Required<Pick<DefinitionDetail, 'schema' | 'statusSchema'>> {
  const version = CrdSchema.versions(crd).find((each) => textAt(each, 'name') === name);
  const properties = objectAt(CrdSchema.ofVersion(version), 'properties');
  return { schema: objectAt(properties, 'spec'), statusSchema: objectAt(properties, 'status') };
}

/**
 * The versions of the API: those of the compiled definition, or of the live CRD while the definition has problems.
 * `undefined` for an API of one version.
 */
export function versionsOf(
  definition: KubeObject,
  compiled: KubeObject | undefined,
  live: KubeObject | undefined,
): VersionsDetail | undefined {
  const crd = compiled === undefined ? live : { ...compiled, ...definedMembers({ status: live?.status }) };
  const facts = crd === undefined ? [] : CrdSchema.facts(crd);
  if (crd === undefined || facts.length < 2) return undefined;
  const migration = objectAt(definition.status, 'migration');
  const [migrated, total] = [countAt(migration, 'migrated'), countAt(migration, 'total')];
  const stored = readConditions(definition.status?.['conditions']).find(({ type }) => type === 'StorageMigrated');
  return {
    rows: facts.map(({ storage, ...row }) => ({ ...row, hub: storage, ...schemasOf(crd, row.name) })),
    conversions: Conversion.facts(crd),
    ...(stored === undefined || stored.status === 'True'
      ? {}
      : { migration: { status: stored.status, message: stored.message ?? '', migrated, total } }),
  };
}

/** The revisions that instances follow, newest first, with the number of instances of each. */
function followersOf(instances: readonly InstanceRow[]): DefinitionDetail['followers'] {
  const counts = new Map<number, number>();
  for (const { revision } of instances) {
    if (revision !== undefined) counts.set(revision, (counts.get(revision) ?? 0) + 1);
  }
  return [...counts]
    .map(([revision, count]) => ({ revision, instances: count }))
    .sort((a, b) => b.revision - a.revision);
}

/** The canary of a definition's newest revision. Returns `undefined` when all instances may get the revision. */
export function rolloutState(
  definition: KubeObject,
  revision: DefinitionRevision,
  instances: readonly KubeObject[],
): RolloutState | undefined {
  const running = runningRollout(definition, revision, instances);
  if (running === undefined) return undefined;
  const condition = readConditions(definition.status?.['conditions']).find(({ type }) => type === 'RolledOut');
  return {
    revision: revision.number,
    phase: running.phase,
    first: [...running.members].sort(),
    of: running.of,
    ...(condition?.message === undefined ? {} : { message: condition.message }),
  };
}
