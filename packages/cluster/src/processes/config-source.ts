import type { KubeObject } from '@typekro/kit/core';
import { asText, objectAt } from '@typekro/kit/kubernetes';

/** The ConfigMaps and Secrets of a pod's namespace. */
export interface ConfigSource {
  find(kind: 'configmap' | 'secret', name: string): KubeObject | undefined;
}

/** The decoded entries of a ConfigMap or Secret. */
export function configEntries(kind: 'configmap' | 'secret', object: KubeObject): ReadonlyMap<string, Buffer> {
  const entries = new Map<string, Buffer>();
  const read = (member: string, encoding: 'utf8' | 'base64') => {
    for (const [key, value] of Object.entries(objectAt(object, member))) {
      entries.set(key, Buffer.from(asText(value), encoding));
    }
  };
  read('data', kind === 'secret' ? 'base64' : 'utf8');
  if (kind === 'configmap') read('binaryData', 'base64');
  return entries;
}

/** The reason why a container cannot start, or why the files of a volume cannot be written. */
export interface ConfigProblem {
  readonly problem: string;
}

/** A problem with the files of a pod. The kubelet reports the problem as a failed mount. */
export interface MountProblem extends ConfigProblem {
  readonly isMount: true;
}

export const isMountProblem = (value: ConfigProblem): value is MountProblem => 'isMount' in value;

/** The event message for a failed mount. */
export const mountMessage = ({ problem }: ConfigProblem): string => `MountVolume.SetUp failed: ${problem}`;

export const isProblem = (value: object): value is ConfigProblem => 'problem' in value;
