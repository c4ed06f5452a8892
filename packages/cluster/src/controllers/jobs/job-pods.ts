import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { objectsAt } from '@typekro/kit/kubernetes';
import { podFromTemplate } from '../pods/pod-state.ts';
import { randomSuffix } from '../../verbs/write.ts';
import { type ControllerClient, controllerReference } from '../controller-client.ts';

/** The finalizer that keeps a pod of a Job until the Job has counted the end of the pod. */
export const TRACKING = 'batch.kubernetes.io/job-tracking';

/** The annotation and the label with the index of a pod of an indexed Job. */
export const INDEX = 'batch.kubernetes.io/job-completion-index';

/** Does the Job replace a pod only after the pod has ended? Other Jobs already replace a pod that is being deleted. */
export const replacesOnlyFailed = (job: KubeObject): boolean => job.spec?.['podReplacementPolicy'] === 'Failed';

/**
 * Does the pod count as failed? A pod that is being deleted counts as failed, except if the Job waits for the pod's
 * end.
 */
export function isFailedPod(job: KubeObject, { metadata, status }: KubeObject): boolean {
  const phase = status?.['phase'];
  if (phase === 'Failed') return true;
  return metadata.deletionTimestamp !== undefined && phase !== 'Succeeded' && !replacesOnlyFailed(job);
}

export const isIndexed = (job: KubeObject): boolean => job.spec?.['completionMode'] === 'Indexed';

/** Creates a pod of a Job. Only indexed Jobs use `index` and `annotations`. */
export function createJobPod(
  client: ControllerClient,
  job: KubeObject,
  index: number,
  annotations: Readonly<Record<string, string>> = {},
): KubeObject {
  const { name = '', namespace = '' } = job.metadata;
  const { metadata, spec } = podFromTemplate(job);
  const common = {
    namespace,
    ownerReferences: [controllerReference(job)],
    finalizers: [...(metadata.finalizers ?? []), TRACKING],
  };
  if (!isIndexed(job)) {
    const own = { ...metadata, ...common, generateName: `${name}-` };
    return client.create({ apiVersion: 'v1', kind: 'Pod', metadata: own, spec });
  }
  const value = String(index);
  return client.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...common,
      name: `${name}-${value}-${randomSuffix()}`,
      generateName: `${name}-${value}-`,
      labels: { ...metadata.labels, [INDEX]: value },
      annotations: { ...metadata.annotations, ...annotations, [INDEX]: value },
    },
    spec: { ...spec, hostname: `${name}-${value}`, ...withIndex(spec) },
  });
}

/** Adds the index to the environment of the containers. */
function withIndex(spec: JsonObject): JsonObject {
  const fieldPath = `metadata.labels['${INDEX}']`;
  const variable = { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef: { fieldPath } } };
  const known = (container: JsonObject) => objectsAt(container, 'env').some(({ name }) => name === variable.name);
  const add = (container: JsonObject): JsonObject =>
    known(container) ? container : { ...container, env: [...objectsAt(container, 'env'), variable] };
  const initContainers = objectsAt(spec, 'initContainers');
  return {
    containers: objectsAt(spec, 'containers').map(add),
    ...(initContainers.length === 0 ? {} : { initContainers: initContainers.map(add) }),
  };
}
