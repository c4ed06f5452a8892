import { type KubeObject, objectName, refOf } from '@typekro/kit/core';
import { FieldManager } from '@typekro/engine/runtime';
import { GraphObject } from '@typekro/engine/graph';
import { type KubernetesApi, unlessFailed } from '@typekro/kube';

/** Another owner of an object. */
export interface ObjectOwner {
  /** The value of `--from` that selects this kind of owner. */
  readonly kind: 'helm' | 'flux' | 'argocd' | 'controller';
  /** `Helm release shop/web` or `ReplicaSet web-5d9f`. */
  readonly name: string;
}

/**
 * Finds the programs that manage an object. They are recognized by their labels and annotations, and by the controlling
 * owner reference.
 */
export function namedOwners({ metadata }: KubeObject): ObjectOwner[] {
  const { labels = {}, annotations = {}, ownerReferences = [], namespace = '' } = metadata;
  const label = (key: string) => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  const annotation = (key: string) => (Object.hasOwn(annotations, key) ? annotations[key] : undefined);
  const release = annotation('meta.helm.sh/release-name');
  const home = annotation('meta.helm.sh/release-namespace') ?? namespace;
  const helm = release === undefined && label('app.kubernetes.io/managed-by') === 'Helm' ? '' : release;
  const flux = label('kustomize.toolkit.fluxcd.io/name') ?? label('helm.toolkit.fluxcd.io/name');
  const argo = annotation('argocd.argoproj.io/tracking-id')?.split(':')[0] ?? label('argocd.argoproj.io/instance');
  return [
    ...(helm === undefined ? [] : [{ kind: 'helm' as const, name: `Helm release ${home}/${helm}` }]),
    ...(flux === undefined ? [] : [{ kind: 'flux' as const, name: `Flux object ${flux}` }]),
    ...(argo === undefined ? [] : [{ kind: 'argocd' as const, name: `Argo CD application ${argo}` }]),
    ...ownerReferences
      .filter(({ controller }) => controller === true)
      .map(({ kind, name }) => ({ kind: 'controller' as const, name: `${kind} ${name}` })),
  ];
}

/** Matches the field managers of Graphs. The group is the part that all nodes of a Graph share. */
const OF_GRAPH = /(kro-graphengine\.(?:patch|tmpl)\.[0-9a-f]{12})(?:\.[0-9a-f]{12})?/g;

/**
 * Replaces the field managers of Graphs in the texts of a report by the names of these Graphs, if the user may list
 * Graphs.
 *
 * @param planned Graphs that are possibly not in the cluster yet
 */
export async function withGraphNames<Report>(
  api: KubernetesApi,
  report: Report,
  signal: AbortSignal,
  planned: readonly KubeObject[] = [],
): Promise<Report> {
  let isFound = false;
  mapTexts(report, (text) => {
    isFound ||= text.search(OF_GRAPH) >= 0;
    return text;
  });
  if (!isFound) return report;
  const listed = await unlessFailed(api.list(GraphObject.KIND, { signal }));
  const names = new Map(
    [...planned, ...(listed?.items ?? [])].flatMap((graph) => {
      const { uid = '' } = graph.metadata;
      const name = objectName(refOf(graph));
      return [FieldManager.patchPrefix(uid), FieldManager.ofTemplate(uid)].map((manager) => [manager, name] as const);
    }),
  );
  return mapTexts(report, (text) =>
    text.replaceAll(OF_GRAPH, (manager: string, prefix: string) => names.get(prefix) ?? manager),
  );
}

/** Returns a copy of a value in which each text is replaced. */
export function mapTexts<Value>(value: Value, replaced: (text: string) => string): Value {
  if (typeof value === 'string') return replaced(value) as Value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each: unknown) => mapTexts(each, replaced)) as Value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, mapTexts(each as unknown, replaced)]),
  ) as Value;
}
