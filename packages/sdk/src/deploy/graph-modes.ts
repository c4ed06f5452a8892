import type { DeployTarget } from '../compose/index.ts';
import { TypeKroError } from '@typekro/kit/core';
import type { ObjectRef } from '@typekro/kit/core';
import type { KubernetesApi } from '@typekro/kube';
import { definitionRef } from './kro-context.ts';
import { isRecordOf } from './parent.ts';
import { parentRef } from './record-owner.ts';

/**
 * Throws when the other mode has already deployed the graph. The two modes label the objects of a graph differently, so
 * neither can continue a deploy of the other.
 *
 * @throws TypeKroError `deploy/name-taken`
 */
export async function refuseOtherMode(api: KubernetesApi, target: DeployTarget, signal: AbortSignal): Promise<void> {
  const { name, namespace, mode } = target;
  if (mode === 'kro') {
    const ref = parentRef(name, name, namespace);
    const record = await api.find(ref, { signal });
    if (record !== undefined && isRecordOf(record, name, name)) throw taken(target, ref);
    return;
  }
  const ref = definitionRef(target);
  if ((await api.discovery.resourceOf(ref, { signal })) === undefined) return;
  if ((await api.find(ref, { signal })) !== undefined) throw taken(target, ref);
}

function taken({ name, mode }: DeployTarget, object: ObjectRef): TypeKroError {
  const other = mode === 'kro' ? 'direct' : 'kro';
  return new TypeKroError(`the graph ${name} is deployed in mode ${other}`, {
    code: 'deploy/name-taken',
    object,
    remedy: `deploy it in mode ${other}, or delete it there first: factory('${other}').delete()`,
  });
}
