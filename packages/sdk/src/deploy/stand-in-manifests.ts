import { type KubeObject, fluxDefinitionsText, parseJson } from '@typekro/kit/core';

const CONTROLLERS = ['source-controller', 'helm-controller', 'kustomize-controller'];

/** Marks Deployments whose controllers the embedded cluster simulates. No other cluster can run these Deployments. */
export const STAND_IN = 'typekro.dev/stand-in';

/**
 * The manifests of Flux for an embedded cluster: its namespace, its CRDs from this package, and for each controller a
 * Deployment with simulated pods. On a real cluster these pods would never start.
 */
export function standInManifests(namespace: string): KubeObject[] {
  const list = parseJson(fluxDefinitionsText());
  const { items } = list as { readonly items: KubeObject[] };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    ...items,
    ...CONTROLLERS.map((name) => deployment(name, namespace)),
  ];
}

function deployment(name: string, namespace: string): KubeObject {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace,
      labels: { ...labels, 'app.kubernetes.io/part-of': 'flux' },
      annotations: { [STAND_IN]: 'true' },
    },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'manager', image: 'typekro.dev/stand-in' }] } },
    },
  };
}
