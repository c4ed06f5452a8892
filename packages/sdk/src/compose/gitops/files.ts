/**
 * A folder for GitOps: definitions and instances as files that Kustomize, Flux and Argo CD read. The folder also has
 * the settings by which these tools apply the files in order and check the health of the objects.
 */
import { type JsonObject, type KubeObject, parseApiVersion, TypeKroError } from '@typekro/kit/core';
import { isDefinition } from '@typekro/engine/graph';
import { isDnsLabel } from '@typekro/kit/kubernetes';
import { printYaml } from '../emit/print-yaml.ts';
import { type ArgoOptions, argoApplication, argoHealth } from './argocd.ts';
import { type FluxOptions, fluxKustomizations } from './flux.ts';

/** The files to write in addition to definitions and instances. */
export interface GitOpsOptions {
  /** Name of the folder's content; the objects of Flux and Argo CD are named after it. */
  readonly name: string;
  /**
   * Settings for Flux Kustomizations, which apply the definitions first, then the instances, and wait for both.
   * Default: no Kustomizations are written.
   */
  readonly flux?: FluxOptions;
  /**
   * Settings for an Argo CD Application, and for the health checks of definitions and instances. Default: neither is
   * written.
   */
  readonly argocd?: ArgoOptions;
}

/** The maximum length of a name, which leaves room for the suffixes of the objects that are named after it. */
const MAX_NAME_LENGTH = 52;

/** The content of each file, keyed by the path of the file below the folder. The entries are sorted by path. */
export type GitOpsFiles = Readonly<Record<string, string>>;

/**
 * The files of a GitOps folder. `kubectl apply -k` accepts the folder. If the kind of an instance does not exist yet,
 * apply `definitions/` first and `instances/` later: the cluster serves the kind only after the definition was
 * accepted.
 *
 * @throws TypeKroError `gitops/no-definition` when no definition is given, `gitops/name` for a name that objects cannot
 * have.
 */
export function gitOpsFiles(given: readonly (KubeObject | JsonObject)[], options: GitOpsOptions): GitOpsFiles {
  const { name, flux, argocd } = options;
  const objects = given as readonly KubeObject[];
  if (!isDnsLabel(name) || name.length > MAX_NAME_LENGTH) {
    throw new TypeKroError(`"${name}" cannot be the name of a Kustomization or an Application`, {
      code: 'gitops/name',
      remedy: `use at most ${MAX_NAME_LENGTH} lower-case letters, digits and dashes`,
    });
  }
  const definitions = objects.filter(isDefinition);
  const instances = objects.filter((object) => !isDefinition(object));
  if (definitions.length === 0) {
    throw new TypeKroError('there is no definition to write', {
      code: 'gitops/no-definition',
      remedy: 'pass a composition, or files with a ResourceGraphDefinition',
    });
  }
  const served = instances.filter((object) => definitions.some((definition) => serves(definition, object)));
  const files = new Map<string, string>([
    ...manifestFolder('definitions', definitions),
    ...manifestFolder('instances', argocd === undefined ? instances : instances.map(inSecondWave)),
  ]);
  const parts = instances.length === 0 ? ['definitions'] : ['definitions', 'instances'];
  files.set('kustomization.yaml', kustomization(parts));
  if (flux !== undefined) files.set('flux.yaml', documents(fluxKustomizations(name, flux, instances, served)));
  if (argocd !== undefined) {
    files.set('argocd.yaml', printYaml(argoApplication(name, argocd)));
    files.set('argocd-health.yaml', printYaml(argoHealth(argocd, served)));
  }
  return Object.fromEntries([...files].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Is the object an instance of the definition? Other objects of the folder have no state that kro writes. */
function serves({ spec }: KubeObject, { apiVersion, kind }: KubeObject): boolean {
  const schema = spec?.['schema'] as { group?: string; kind?: string } | undefined;
  return schema?.kind === kind && (schema.group ?? 'kro.run') === parseApiVersion(apiVersion).group;
}

/** The files of one part: one file per object, and the `kustomization.yaml` that lists these files. */
export function manifestFolder(part: string, objects: readonly KubeObject[]): [string, string][] {
  if (objects.length === 0) return [];
  const taken = new Set<string>();
  const files = objects.map((object): [string, string] => {
    const file = fileName(object, taken);
    taken.add(file);
    return [`${part}/${file}`, printYaml(object)];
  });
  return [...files, [`${part}/kustomization.yaml`, kustomization([...taken])]];
}

/** The name of an object's file, from its kind, namespace and name. A name that is taken gets a number. */
function fileName({ kind, metadata }: KubeObject, taken: ReadonlySet<string>): string {
  const text = [kind.toLowerCase(), metadata.namespace, metadata.name].filter(Boolean).join('-');
  const base = text.replaceAll(/[^a-z0-9.-]+/g, '-').replaceAll('..', '.');
  for (let count = 1; ; count += 1) {
    const file = count === 1 ? `${base}.yaml` : `${base}-${count}.yaml`;
    if (!taken.has(file)) return file;
  }
}

/** A Kustomization of Kustomize that has these files and folders. */
export function kustomization(resources: readonly string[]): string {
  return printYaml({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: [...resources] });
}

/**
 * Puts an object into wave 1 of Argo CD, and skips the dry run while its kind does not exist yet. Argo CD applies wave
 * 1 after the objects without a wave, which are in wave 0. The object's own annotations have precedence.
 */
function inSecondWave(object: KubeObject): KubeObject {
  const annotations = {
    'argocd.argoproj.io/sync-wave': '1',
    'argocd.argoproj.io/sync-options': 'SkipDryRunOnMissingResource=true',
    ...object.metadata.annotations,
  };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

function documents(objects: readonly JsonObject[]): string {
  return objects.map((object) => printYaml(object)).join('---\n');
}
