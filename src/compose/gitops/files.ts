/**
 * A folder for GitOps: definitions and instances as files that Kustomize, Flux and Argo CD take, with what each
 * of them needs to apply them in order and to know when they are well.
 */
import type { JsonObject, KubeObject } from '../../core/index.ts';
import { TypeKroError } from '../../core/index.ts';
import { isDefinition } from '../../graph/index.ts';
import { printYaml } from '../emit/yaml.ts';
import { argoApplication, argoHealth } from './argocd.ts';
import type { ArgoOptions } from './argocd.ts';
import { fluxKustomizations } from './flux.ts';
import type { FluxOptions } from './flux.ts';

/** What to write beside definitions and instances. */
export interface GitOpsOptions {
  /** Name of the whole; file names and the objects of Flux and Argo CD carry it. */
  readonly name: string;
  /** Write Flux Kustomizations: definitions first, then instances, each waited for. */
  readonly flux?: FluxOptions;
  /** Write an Argo CD Application and the health checks that Argo CD lacks. */
  readonly argocd?: ArgoOptions;
}

/** Texts by path below the folder, in the order of their paths. */
export type GitOpsFiles = Readonly<Record<string, string>>;

/**
 * The files of a GitOps folder. `kubectl apply -k` takes the folder as it is; `definitions/` and `instances/` can
 * be applied one after the other, since the kind of an instance exists only when its definition was accepted.
 *
 * @throws TypeKroError `gitops/no-definition` when there is nothing that a folder could be made of, `gitops/name` for
 * a name that objects cannot have.
 */
export function gitOpsFiles(given: readonly (KubeObject | JsonObject)[], options: GitOpsOptions): GitOpsFiles {
  const { name, flux, argocd } = options;
  const objects = given as readonly KubeObject[];
  if (!/^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/.test(name)) {
    throw new TypeKroError(`"${name}" cannot be the name of a Kustomization or an Application`, {
      code: 'gitops/name',
      remedy: 'use at most 52 lower-case letters, digits and dashes',
    });
  }
  const definitions = objects.filter(isDefinition);
  const instances = objects.filter((object) => !isDefinition(object));
  if (definitions.length === 0) {
    throw new TypeKroError('there is no definition to write', {
      code: 'gitops/no-definition',
      remedy: 'give a composition, or files with a ResourceGraphDefinition',
    });
  }
  const files = new Map<string, string>([
    ...folder('definitions', definitions),
    ...folder('instances', argocd === undefined ? instances : instances.map(inSecondWave)),
  ]);
  const parts = instances.length === 0 ? ['definitions'] : ['definitions', 'instances'];
  files.set('kustomization.yaml', kustomization(parts));
  if (flux !== undefined) files.set('flux.yaml', documents(fluxKustomizations(name, flux, instances)));
  if (argocd !== undefined) {
    files.set('argocd.yaml', printYaml(argoApplication(name, argocd)));
    files.set('argocd-health.yaml', printYaml(argoHealth(argocd, instances)));
  }
  return Object.fromEntries([...files].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The files of one part: an object each, and their list. */
function folder(part: string, objects: readonly KubeObject[]): [string, string][] {
  if (objects.length === 0) return [];
  const taken = new Set<string>();
  const files = objects.map((object): [string, string] => {
    const file = fileName(object, taken);
    taken.add(file);
    return [`${part}/${file}`, printYaml(object as JsonObject)];
  });
  return [...files, [`${part}/kustomization.yaml`, kustomization([...taken])]];
}

/** A name that tells the object; objects that would share one get a number. */
function fileName({ kind, metadata }: KubeObject, taken: ReadonlySet<string>): string {
  const text = [kind.toLowerCase(), metadata.namespace, metadata.name].filter(Boolean).join('-');
  const base = text.replaceAll(/[^a-z0-9.-]+/g, '-').replaceAll('..', '.');
  for (let count = 1; ; count += 1) {
    const file = count === 1 ? `${base}.yaml` : `${base}-${count}.yaml`;
    if (!taken.has(file)) return file;
  }
}

function kustomization(resources: readonly string[]): string {
  return printYaml({ apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources: [...resources] });
}

/** Argo CD applies waves in order, from 0 on, and here leaves out the check of a kind that is yet to come. */
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
