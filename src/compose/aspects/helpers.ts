import {
  append,
  allResources,
  aspect,
  mergeByName,
  metadata,
  override,
  patchEach,
  replace,
  workloads,
} from './aspect.ts';
import type {
  AspectDefinition,
  AspectPatch,
  AspectTargetGroup,
  MetadataSurface,
  OverrideSurface,
} from '../aspect-types.ts';
import { AspectDefinitionError } from '../aspect-types.ts';

/** Labels and annotations on every resource. */
export type MetadataAspect = AspectDefinition<AspectTargetGroup<'allResources'>, MetadataSurface>;

/** A change of every workload. */
export type WorkloadAspect = AspectDefinition<AspectTargetGroup<'workloads'>, OverrideSurface>;

/** Labels on every resource. */
export const withLabels = (labels: Readonly<Record<string, string>>): MetadataAspect => withMetadata({ labels });

/** Annotations on every resource. */
export const withAnnotations = (annotations: Readonly<Record<string, string>>): MetadataAspect =>
  withMetadata({ annotations });

/** Labels and annotations on every resource. */
export function withMetadata(options: {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}): MetadataAspect {
  return aspect.on(allResources, metadata(options));
}

function onWorkloads(spec: AspectPatch): WorkloadAspect {
  return aspect.on(workloads, override({ spec }));
}

/** Changes in every container of a workload's pods. */
function onContainers(patch: AspectPatch): WorkloadAspect {
  return onWorkloads({ template: { spec: { containers: patchEach(patch) } } });
}

/** How many pods a workload has. */
export const withReplicas = (count: number): WorkloadAspect => onWorkloads({ replicas: replace(count) });

/** Environment variables in every container; those of the same name are replaced. */
export function withEnvVars(variables: Readonly<Record<string, string>>): WorkloadAspect {
  return onContainers({ env: mergeByName(Object.entries(variables).map(([name, value]) => ({ name, value }))) });
}

/** Further sources of environment variables in every container. */
export const withEnvFrom = (envFrom: readonly object[]): WorkloadAspect => onContainers({ envFrom: append(envFrom) });

/** Requests and limits of every container. */
export const withResourceDefaults = (resources: object): WorkloadAspect =>
  onContainers({ resources: replace(resources) });

/** When images are pulled. */
export type ImagePullPolicy = 'Always' | 'IfNotPresent' | 'Never';

/** When the images of every container are pulled. */
export const withImagePullPolicy = (policy: ImagePullPolicy): WorkloadAspect =>
  onContainers({ imagePullPolicy: replace(policy) });

/** The service account of the pods. */
export const withServiceAccount = (serviceAccountName: string): WorkloadAspect =>
  onWorkloads({ template: { spec: { serviceAccountName: replace(serviceAccountName) } } });

/** A directory of the node that all containers see, for development on a local cluster. */
export interface LocalWorkspaceOptions {
  /** Directory on the node. */
  readonly workspacePath: string;
  /** Where the containers see it. Default `/workspace`. */
  readonly mountPath?: string;
  /** Default `workspace`. */
  readonly volumeName?: string;
  /** Default `Directory`: it must exist. */
  readonly hostPathType?: 'Directory' | 'DirectoryOrCreate';
}

/** Mounts a directory of the node into every container. */
export function withLocalWorkspace(options: LocalWorkspaceOptions): WorkloadAspect {
  const { workspacePath, mountPath = '/workspace', volumeName = 'workspace', hostPathType = 'Directory' } = options;
  const volume = { name: volumeName, hostPath: { path: workspacePath, type: hostPathType } };
  const mount = { name: volumeName, mountPath };
  return onWorkloads({
    template: {
      spec: { containers: patchEach({ volumeMounts: mergeByName([mount]) }), volumes: mergeByName([volume]) },
    },
  });
}

/** What runs instead of a workload's own containers while its code is edited. */
export interface HotReloadOptions {
  readonly containers: readonly object[];
  readonly volumes?: readonly object[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly replicas?: number;
}

/**
 * Replaces the containers (and volumes, replicas) of a workload, for use with `aspect.on`.
 *
 * @throws AspectDefinitionError without containers.
 */
export function hotReload(options: HotReloadOptions): OverrideSurface {
  const { containers, volumes, labels, replicas } = options;
  if (!Array.isArray(containers) || containers.length === 0) {
    throw new AspectDefinitionError('hotReload', 'containers must be a list with at least one container');
  }
  const changed = Object.fromEntries(Object.entries(labels ?? {}).map(([name, value]) => [name, replace(value)]));
  return override({
    spec: {
      ...(replicas === undefined ? {} : { replicas: replace(replicas) }),
      template: {
        ...(labels === undefined ? {} : { metadata: { labels: changed } }),
        spec: { containers: replace(containers), ...(volumes === undefined ? {} : { volumes: replace(volumes) }) },
      },
    },
  });
}

/** Replaces the containers of every workload that fits, for editing code in the cluster. */
export const withHotReload = (options: HotReloadOptions): WorkloadAspect => aspect.on(workloads, hotReload(options));
