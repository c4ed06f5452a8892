import type { KubeObject } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';
import type { FieldWriter } from './owned-fields.ts';
import { ownedFields } from './owned-fields.ts';

/**
 * The desired workload of an autoscaler, with the live number of replicas if the template no longer has the number and
 * this writer owns it. Without the number, server-side apply would remove the field, and the API server would set its
 * default of one replica. The writer loses the field as soon as the autoscaler changes the number.
 */
export function withKeptReplicas(desired: KubeObject, live: KubeObject, writer: FieldWriter): KubeObject {
  const spec = desired.spec ?? {};
  const replicas = live.spec?.['replicas'];
  const owned = ownedFields(live, writer)?.['f:spec'];
  if (spec['replicas'] !== undefined || replicas === undefined) return desired;
  return isJsonObject(owned) && owned['f:replicas'] !== undefined
    ? { ...desired, spec: { ...spec, replicas } }
    : desired;
}
