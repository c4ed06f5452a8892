import type { JsonObject, KubeObject } from '@typekro/kit/core';

/** Where Flux finds the folder, and how often Flux checks the folder. */
export interface FluxOptions {
  /** The Flux source that contains the folder. */
  readonly source: { readonly kind?: 'GitRepository' | 'OCIRepository' | 'Bucket'; readonly name: string };
  /** Path of the folder in the source. Default `./`. */
  readonly path?: string;
  /** Namespace of the Kustomizations. Default `flux-system`. */
  readonly namespace?: string;
  /** Interval between two checks by Flux, as a Go duration. Default `10m`. */
  readonly interval?: string;
}

/** The health check of definitions, by the state and conditions that kro writes. Flux has no check for this kind. */
const DEFINITION_HEALTH = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  current: "status.?state.orValue('') == 'Active'",
  failed: "status.?conditions.orValue([]).exists(c, c.type == 'GraphAccepted' && c.status == 'False')",
};

/**
 * Makes the Kustomizations (kustomize.toolkit.fluxcd.io/v1): one for the definitions and, if there are instances, a
 * second one for the instances. The second one waits for the first one. `served` are the instances whose definitions
 * are in the folder; only their kinds get health checks.
 */
export function fluxKustomizations(
  name: string,
  options: FluxOptions,
  instances: readonly KubeObject[],
  served: readonly KubeObject[],
): JsonObject[] {
  const { source, path = './', namespace = 'flux-system', interval = '10m' } = options;
  const make = (part: string, health: readonly JsonObject[], dependsOn?: string): JsonObject => ({
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name: `${name}-${part}`, namespace },
    spec: {
      interval,
      path: `${path.replace(/\/+$/, '')}/${part}`,
      prune: true,
      wait: true,
      timeout: '10m',
      sourceRef: { kind: source.kind ?? 'GitRepository', name: source.name },
      healthCheckExprs: [...health],
      ...(dependsOn === undefined ? {} : { dependsOn: [{ name: dependsOn }] }),
    },
  });
  const kinds = new Map(served.map(({ apiVersion, kind }) => [`${apiVersion} ${kind}`, { apiVersion, kind }]));
  const instanceHealth = [...kinds.values()].map((kind) => ({
    ...kind,
    current: "status.?state.orValue('') == 'ACTIVE'",
    failed: "status.?state.orValue('') == 'ERROR'",
  }));
  const first = make('definitions', [DEFINITION_HEALTH]);
  return instances.length === 0 ? [first] : [first, make('instances', instanceHealth, `${name}-definitions`)];
}
