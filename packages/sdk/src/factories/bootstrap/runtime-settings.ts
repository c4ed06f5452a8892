import { type Diagnostic, type SourcePosition, definedMembers } from '@typekro/kit/core';

/** Options of `typeKroRuntimeBootstrap`. */
export interface TypeKroRuntimeOptions {
  /**
   * Namespace of the runtime. It is also the namespace of Flux when `toYaml()` is called without a spec. Default
   * `flux-system`.
   */
  readonly namespace?: string;
  /** Release of Flux. Default `v2.7.5`. */
  readonly fluxVersion?: string;
  /** Version of kro's chart. Default `0.9.3`; older versions refuse constructs that compositions may need. */
  readonly kroVersion?: string;
  /** Namespace of kro. Default `kro`; an existing installation in `kro-system` is kept. */
  readonly kroNamespace?: string;
  /**
   * `managed`: Flux is installed and kept up to date. `external`: Flux must be installed already, and the deploy only
   * waits for Flux. Default `managed`.
   */
  readonly fluxInstallation?: 'managed' | 'external';
  /**
   * Rights of Flux's controllers. `cluster-admin`: the rights that Flux's own manifests grant. `scoped`: the same
   * manifests without the binding `cluster-reconciler`. `clusterRoleRef`: another ClusterRole in this binding. Default
   * `cluster-admin`.
   */
  readonly rbac?: 'cluster-admin' | 'scoped' | { readonly clusterRoleRef: string };
  /**
   * The source of Flux's manifests: an address, a file, a folder, or `stand-in`. Stand-ins are only for an embedded
   * cluster, which does the work of Flux's controllers itself. Default: `stand-in` on an embedded cluster, and the
   * release `fluxVersion` on GitHub on any other cluster.
   */
  readonly manifestsFrom?: string;
  /** The controller that runs graphs: kro's, by its chart, or this project's, by its manifests. Default `kro`. */
  readonly controller?: 'kro' | 'typekro';
  /** Image of this project's controller with its tag; needed for `controller: 'typekro'`. */
  readonly controllerImage?: string;
}

/** The options with their defaults. */
export type RuntimeSettings = Required<Omit<TypeKroRuntimeOptions, 'manifestsFrom' | 'controllerImage'>> &
  Pick<TypeKroRuntimeOptions, 'manifestsFrom' | 'controllerImage'>;

/** The oldest version of kro that runs every definition for target `stock`. */
const STOCK_VERSION = [0, 9, 3];

/**
 * Constructs that early versions of kro do not have, with the first version that has them (according to the tags of
 * kro's repository).
 */
const ADDED: readonly (readonly [string, readonly number[]])[] = [
  ['forEach', [0, 8, 0]],
  ['custom types in schema.types', [0, 4, 0]],
  ['externalRef by selector', [0, 9, 0]],
  ['cluster-scoped instances', [0, 9, 0]],
  ['externalRef', [0, 4, 0]],
  ['API groups other than kro.run', [0, 4, 0]],
];

export function runtimeSettings(options: TypeKroRuntimeOptions): RuntimeSettings {
  return {
    namespace: options.namespace ?? 'flux-system',
    fluxVersion: options.fluxVersion ?? 'v2.7.5',
    kroVersion: options.kroVersion ?? STOCK_VERSION.join('.'),
    kroNamespace: options.kroNamespace ?? 'kro',
    fluxInstallation: options.fluxInstallation ?? 'managed',
    rbac: options.rbac ?? 'cluster-admin',
    controller: options.controller ?? 'kro',
    ...definedMembers({ manifestsFrom: options.manifestsFrom, controllerImage: options.controllerImage }),
  };
}

/** Warnings about the settings: an old version of kro refuses constructs of newer versions. */
export function settingsDiagnostics(settings: RuntimeSettings, source: SourcePosition | undefined): Diagnostic[] {
  const version = numbersOf(settings.kroVersion);
  if (settings.controller !== 'kro' || version === undefined || !isBefore(version, STOCK_VERSION)) return [];
  const refused = ADDED.filter(([, since]) => isBefore(version, since)).map(([name]) => name);
  const what = refused.length === 0 ? 'some constructs' : refused.join(', ');
  return [
    {
      code: 'bootstrap/old-kro',
      severity: 'warning',
      message: `kro ${settings.kroVersion} is older than ${STOCK_VERSION.join('.')} and refuses ${what}`,
      hint: `leave kroVersion out, or use ${STOCK_VERSION.join('.')} or newer`,
      ...(source === undefined ? {} : { source }),
    },
  ];
}

function numbersOf(version: string): readonly number[] | undefined {
  const match = /^v?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?/.exec(version);
  return match === null ? undefined : match.slice(1, 4).map((part) => Number(part ?? 0));
}

function isBefore(version: readonly number[], other: readonly number[]): boolean {
  for (const [index, part] of version.entries()) {
    const difference = part - (other[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
