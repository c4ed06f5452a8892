import type { KubeObject } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';

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
