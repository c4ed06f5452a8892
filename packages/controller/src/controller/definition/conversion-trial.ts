import { type KubeObject, namespacedName } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import { Conversion } from '@typekro/engine/conversion';
import { type KubernetesApi, KubeError } from '@typekro/kube';
import { conversionsDigest } from '../conversions/conversion-address.ts';
import { type CrdPlan, ALLOW_BREAKING_REMEDY } from './crd-plan.ts';

/**
 * The objects that a changed CRD could not convert, or of which a version would show something else: `namespace/name`, or
 * the name of an object without a namespace, with the versions, the rule or the field, and the reason, as the end of a
 * sentence.
 */
export type Unconvertible = ReadonlyMap<string, string>;

/** The size of a page of a trial. The conversions of a page block the process. */
const PAGE = 100;
/** The maximum number of objects that a message names. */
const MAX_NAMED = 3;

/** Does the plan change the conversions of the CRD, or the schemas between which they convert? */
const isTried = (plan: CrdPlan, { existing, wanted }: CrdChange): boolean =>
  plan.do === 'patch' &&
  existing !== undefined &&
  Conversion.isIn(wanted) &&
  conversionsDigest(existing) !== conversionsDigest(wanted);

/** A change of a CRD. */
interface CrdChange {
  readonly existing: KubeObject | undefined;
  readonly wanted: KubeObject;
  /** Does the definition allow breaking changes? A version may then show something else of an object. */
  readonly isBreakingAllowed: boolean;
}

function unconvertibleIn(
  { existing, wanted, isBreakingAllowed }: CrdChange,
  objects: readonly KubeObject[],
): Map<string, string> {
  const found = new Map<string, string>();
  const converter = Conversion.of(wanted);
  if (converter === undefined || existing === undefined) return found;
  const former = Conversion.of(existing);
  for (const object of objects) {
    const reason =
      Conversion.problemOf(converter, object) ??
      (isBreakingAllowed ? undefined : Conversion.changeOf(former, converter, object));
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
  change: CrdChange,
  objects: () => readonly KubeObject[],
): { readonly plan: CrdPlan; readonly unconvertible: Unconvertible } {
  if (!isTried(plan, change)) return { plan, unconvertible: new Map() };
  const unconvertible = unconvertibleIn(change, objects());
  return { plan: refusing(plan, change.wanted, unconvertible), unconvertible };
}

/** Like `triedPlan`, with the objects of the cluster. */
export async function tryOnCluster(
  client: Pick<KubernetesApi, 'list'>,
  plan: CrdPlan,
  change: CrdChange,
  signal: AbortSignal,
): Promise<CrdPlan> {
  const { existing, wanted } = change;
  if (existing === undefined || !isTried(plan, change)) return plan;
  const version = objectsAt(existing.spec, 'versions').find((each) => each['storage'] === true);
  const type = {
    apiVersion: `${textAt(existing.spec, 'group')}/${textAt(version, 'name')}`,
    kind: textAt(existing.spec, 'names', 'kind'),
  };
  // After an expired page, the list begins again.
  const found = new Map<string, string>();
  const onPage = (items: readonly KubeObject[]): void => {
    for (const [object, reason] of unconvertibleIn(change, items)) found.set(object, reason);
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
  const isChanged = [...unconvertible.values()].some((reason) => reason.startsWith(Conversion.CHANGED));
  const remedy = `correct the rules of the conversion, or the objects${isChanged ? `; ${ALLOW_BREAKING_REMEDY}` : ''}`;
  const message = `cannot update CRD ${wanted.metadata.name ?? ''}: ${list}; ${remedy}`;
  return { do: 'refuse', message, mayPass: true };
}
