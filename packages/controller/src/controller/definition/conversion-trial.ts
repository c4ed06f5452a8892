import { type KubeObject, namespacedName } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import { Conversion } from '@typekro/engine/conversion';
import { type KubernetesApi, KubeError } from '@typekro/kube';
import { conversionsDigest } from '../conversions/conversion-address.ts';
import type { CrdPlan } from './crd-plan.ts';

/**
 * The objects that a changed CRD could not convert: `namespace/name`, or the name of an object without a namespace, with
 * the versions, the rule or the field, and the reason, as the end of a sentence.
 */
export type Unconvertible = ReadonlyMap<string, string>;

/** The size of a page of a trial. The conversions of a page block the process. */
const PAGE = 100;
/** The maximum number of objects that a message names. */
const MAX_NAMED = 3;

/** Does the plan change the conversions of the CRD, or the schemas between which they convert? */
const isTried = (plan: CrdPlan, existing: KubeObject, wanted: KubeObject): boolean =>
  plan.do === 'patch' && Conversion.isIn(wanted) && conversionsDigest(existing) !== conversionsDigest(wanted);

/** The objects that the wanted CRD cannot convert. */
function unconvertibleIn(wanted: KubeObject, objects: readonly KubeObject[]): Map<string, string> {
  const found = new Map<string, string>();
  const converter = Conversion.of(wanted);
  if (converter === undefined) return found;
  for (const object of objects) {
    const reason = Conversion.problemOf(converter, object);
    if (reason !== undefined) found.set(namespacedName(object.metadata), reason);
  }
  return found;
}

/**
 * The plan for a CRD and the objects that it would make unreadable. With such an object, the change is refused: an API
 * server would no longer list the kind.
 *
 * @param objects the objects, in a version that the existing CRD serves. Only called for a change that needs them
 */
export function triedPlan(
  plan: CrdPlan,
  existing: KubeObject | undefined,
  wanted: KubeObject,
  objects: () => readonly KubeObject[],
): { readonly plan: CrdPlan; readonly unconvertible: Unconvertible } {
  if (existing === undefined || !isTried(plan, existing, wanted)) return { plan, unconvertible: new Map() };
  const unconvertible = unconvertibleIn(wanted, objects());
  return { plan: refusing(plan, wanted, unconvertible), unconvertible };
}

/** Like `triedPlan`, with the objects of the cluster. */
export async function tryOnCluster(
  client: Pick<KubernetesApi, 'list'>,
  plan: CrdPlan,
  existing: KubeObject | undefined,
  wanted: KubeObject,
  signal: AbortSignal,
): Promise<CrdPlan> {
  if (existing === undefined || !isTried(plan, existing, wanted)) return plan;
  const version = objectsAt(existing.spec, 'versions').find((each) => each['storage'] === true);
  const type = {
    apiVersion: `${textAt(existing.spec, 'group')}/${textAt(version, 'name')}`,
    kind: textAt(existing.spec, 'names', 'kind'),
  };
  // After an expired page, the list begins again.
  const found = new Map<string, string>();
  const onPage = (items: readonly KubeObject[]): void => {
    for (const [object, reason] of unconvertibleIn(wanted, items)) found.set(object, reason);
    // The list keeps its items until its end.
    for (const item of items) Object.assign(item, { spec: undefined, status: undefined });
  };
  try {
    await client.list(type, { limit: PAGE, signal, onPage });
  } catch (thrown) {
    if (!(thrown instanceof KubeError) || !isUnreadable(thrown)) throw thrown;
  }
  return refusing(plan, wanted, found);
}

/**
 * The kind is not served, may not be listed, or its present conversions fail. The change is then not held up: it may be
 * the remedy.
 */
const isUnreadable = ({ status, message }: KubeError): boolean =>
  status === 403 || status === 404 || message.includes('conversion webhook for ');

function refusing(plan: CrdPlan, wanted: KubeObject, unconvertible: Unconvertible): CrdPlan {
  if (unconvertible.size === 0) return plan;
  const named = [...unconvertible].slice(0, MAX_NAMED).map(([object, reason]) => `${object} ${reason}`);
  const more = unconvertible.size - named.length;
  const list = [...named, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
  const message = `cannot update CRD ${wanted.metadata.name ?? ''}: ${list}; correct the rules of the conversion, or the objects`;
  return { do: 'refuse', message, mayPass: true };
}
