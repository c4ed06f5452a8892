import { objectsAt } from '@typekro/kit/kubernetes';
import { type KubeObject, isJsonObject } from '@typekro/kit/core';

/** The decision of a scheduler about a pod. */
export interface Assignment {
  readonly nodeName: string;
  /** Labels and annotations to set on the pod. They overwrite existing ones with the same keys. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The time of the decision, in RFC 3339 format. */
  readonly now: string;
}

/** Returns the pod bound to its node, without `status.nominatedNodeName`. */
export function boundPod(pod: KubeObject, { nodeName, labels, annotations = {}, now }: Assignment): KubeObject {
  const condition = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: now };
  const others = objectsAt(pod.status, 'conditions').filter(({ type }) => type !== 'PodScheduled');
  const { nominatedNodeName: _nominated, ...status } = pod.status ?? {};
  const metadata = { ...pod.metadata };
  if (Object.keys(labels).length > 0) metadata.labels = { ...metadata.labels, ...labels };
  if (Object.keys(annotations).length > 0) metadata.annotations = { ...metadata.annotations, ...annotations };
  return {
    ...pod,
    metadata,
    spec: { ...pod.spec, nodeName },
    status: { ...status, conditions: [...others, condition] },
  };
}

/** The names of the claims that a pod's volumes reference. Generic ephemeral volumes reference no claim. */
export function claimsOfPod({ spec }: KubeObject): readonly string[] {
  const volumes = spec?.['volumes'];
  if (!Array.isArray(volumes)) return [];
  return volumes.flatMap((volume) => {
    const source = isJsonObject(volume) ? volume['persistentVolumeClaim'] : undefined;
    const name = isJsonObject(source) ? source['claimName'] : undefined;
    return typeof name === 'string' ? [name] : [];
  });
}
