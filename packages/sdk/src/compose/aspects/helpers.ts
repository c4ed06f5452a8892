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

/** An aspect that sets labels and annotations on every resource. */
export type MetadataAspect = AspectDefinition<AspectTargetGroup<'allResources'>, MetadataSurface>;

/** An aspect that changes every workload. */
export type WorkloadAspect = AspectDefinition<AspectTargetGroup<'workloads'>, OverrideSurface>;

/** Sets labels on every resource. */
export const withLabels = (labels: Readonly<Record<string, string>>): MetadataAspect => withMetadata({ labels });

/** Sets annotations on every resource. */
export const withAnnotations = (annotations: Readonly<Record<string, string>>): MetadataAspect =>
  withMetadata({ annotations });

/** Sets labels and annotations on every resource. */
export function withMetadata(options: {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}): MetadataAspect {
  return aspect.on(allResources, metadata(options));
}

function onWorkloads(spec: AspectPatch): WorkloadAspect {
  return aspect.on(workloads, override({ spec }));
}

/** Applies changes to every container of the workloads' pods. */
function onContainers(patch: AspectPatch): WorkloadAspect {
  return onWorkloads({ template: { spec: { containers: patchEach(patch) } } });
}

/** Sets the number of pods of the workloads. */
export const withReplicas = (count: number): WorkloadAspect => onWorkloads({ replicas: replace(count) });

/** Sets environment variables in every container. A variable of the same name is replaced. */
export function withEnvVars(variables: Readonly<Record<string, string>>): WorkloadAspect {
  return onContainers({ env: mergeByName(Object.entries(variables).map(([name, value]) => ({ name, value }))) });
}

/** Adds sources of environment variables to every container. */
export const withEnvFrom = (envFrom: readonly object[]): WorkloadAspect => onContainers({ envFrom: append(envFrom) });

/** Sets the requests and limits of every container. */
export const withResourceDefaults = (resources: object): WorkloadAspect =>
  onContainers({ resources: replace(resources) });

/** The values of `imagePullPolicy`. */
export type ImagePullPolicy = 'Always' | 'IfNotPresent' | 'Never';

/** Sets the `imagePullPolicy` of every container. */
export const withImagePullPolicy = (policy: ImagePullPolicy): WorkloadAspect =>
  onContainers({ imagePullPolicy: replace(policy) });

/** Sets the service account of the pods. */
export const withServiceAccount = (serviceAccountName: string): WorkloadAspect =>
  onWorkloads({ template: { spec: { serviceAccountName: replace(serviceAccountName) } } });

/** A directory of the node to mount in all containers, for development on a local cluster. */
export interface LocalWorkspaceOptions {
  /** Directory on the node. */
  readonly workspacePath: string;
  /** Path of the directory in the containers. Default `/workspace`. */
  readonly mountPath?: string;
  /** Name of the volume. Default `workspace`. */
  readonly volumeName?: string;
  /** Type of the `hostPath` volume. Default `Directory`: the directory must exist. */
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

/** The parts that replace a workload's parts during development. `labels` are set on the pods. */
export interface HotReloadOptions {
  readonly containers: readonly object[];
  readonly volumes?: readonly object[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly replicas?: number;
}

/**
 * An override for `aspect.on` that replaces the containers of a workload. If the other options are given, it also
 * replaces the volumes and the number of replicas, and sets labels of the pods.
 *
 * @throws AspectDefinitionError when no containers are given.
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

/** Replaces the containers of every workload, so that its code can be edited in the cluster. */
export const withHotReload = (options: HotReloadOptions): WorkloadAspect => aspect.on(workloads, hotReload(options));
