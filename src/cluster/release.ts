import type { JsonObject } from '../core/index.ts';
import { KUBERNETES_MINOR, versionOfRelease } from '../kubernetes/index.ts';
import type { DiscoveredGroup, TypeFacts } from './data.ts';
import { loadData, typeFacts } from './data.ts';

/** The kinds of the roles and bindings that a server begins with. */
export const ROLE_KINDS = ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'] as const;
export type RoleKind = (typeof ROLE_KINDS)[number];

/** The API of a minor version of Kubernetes. */
export interface KubernetesRelease {
  /** The minor version, such as 36. */
  readonly minor: number;
  /** The facts of a built-in type, such as `core.v1.Pod`; `undefined` when there is no such type. */
  typeFacts(name: string): TypeFacts | undefined;
  /** The groups of the built-in API in the order of discovery. */
  groups(): readonly DiscoveredGroup[];
  /** The default roles or bindings, without `kind` and `apiVersion`. */
  defaultRoles(plural: RoleKind): readonly JsonObject[];
  /** The number of the default roles or bindings, which is known without loading them. */
  roleCount(plural: RoleKind): number;
}

const ROLE_COUNTS = { clusterroles: 69, clusterrolebindings: 50, roles: 7, rolebindings: 7 } as const;

/** The latest version: that of the data files. `earlier-release.ts` has the others. */
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

/** The version of a simulated kubelet, such as `v1.36.0`. */
export const versionOf = ({ minor }: Pick<KubernetesRelease, 'minor'>): string => versionOfRelease(`1.${minor}`);
