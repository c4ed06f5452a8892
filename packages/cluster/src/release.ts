import type { JsonObject } from '@typekro/kit/core';
import { KUBERNETES_MINOR, versionOfRelease } from '@typekro/kit/kubernetes';
import { type DiscoveredGroup, type TypeFacts, loadData, typeFacts } from './kubernetes-data.ts';

/** The plurals of the roles and bindings that a server creates at its start. */
export const ROLE_KINDS = ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'] as const;
export type RoleKind = (typeof ROLE_KINDS)[number];

/** The API of a minor version of Kubernetes. */
export interface KubernetesRelease {
  /** The minor version, such as 36. */
  readonly minor: number;
  /** The data about a built-in type, such as `core.v1.Pod`; `undefined` when the type does not exist. */
  typeFacts(name: string): TypeFacts | undefined;
  /** The groups of the built-in API in the order of discovery. */
  groups(): readonly DiscoveredGroup[];
  /** The default roles or bindings, without `kind` and `apiVersion`. */
  defaultRoles(plural: RoleKind): readonly JsonObject[];
  /** The number of default roles or bindings. It is available without loading the roles. */
  roleCount(plural: RoleKind): number;
}

const ROLE_COUNTS = { clusterroles: 69, clusterrolebindings: 50, roles: 7, rolebindings: 7 } as const;

/** The latest version, which is the version of the data files. `earlier-release.ts` has the earlier versions. */
export const latestRelease: KubernetesRelease = {
  minor: KUBERNETES_MINOR,
  typeFacts,
  groups() {
    const { api, apis } = loadData('discovery');
    return [...api.items, ...apis.items];
  },
  defaultRoles: (plural) => loadData('rbac-defaults')[plural] ?? [],
  roleCount: (plural) => ROLE_COUNTS[plural],
};

/** The version string of a release, such as `v1.36.0`, which simulated kubelets report. */
export const versionOf = ({ minor }: Pick<KubernetesRelease, 'minor'>): string => versionOfRelease(`1.${minor}`);
