import type { KubeObject } from '@typekro/kit/core';

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
