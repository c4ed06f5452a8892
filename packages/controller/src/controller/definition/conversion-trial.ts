import { type KubeObject, namespacedName } from '@typekro/kit/core';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import { Conversion } from '@typekro/engine/conversion';
import { type KubernetesApi, KubeError } from '@typekro/kube';
import { conversionsDigest } from '../conversions/conversion-address.ts';
import { type CrdPlan, ALLOW_BREAKING_REMEDY } from './crd-plan.ts';

/**
 * What a changed CRD does to objects that it could not convert, or of which a version would show something else. The key
 * is `namespace/name`, or the name of an object without a namespace.
 */
export type ConversionEffects = ReadonlyMap<string, ReturnType<typeof Conversion.effectOn>>;

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

function effectsOn({ existing, wanted }: CrdChange, objects: readonly KubeObject[]): ConversionEffects {
  if (existing === undefined) return new Map();
  const effects = new Map(
    objects.map((object) => [namespacedName(object.metadata), Conversion.effectOn(existing, wanted, object)]),
  );
  return new Map([...effects].filter(([, { problem, change }]) => (problem ?? change) !== undefined));
}

/**
 * The plan for a CRD, and what it does to objects. The change is refused if an object could not be converted, because an
 * API server would no longer list the kind, and if a version would show something else, unless this is allowed.
 *
 * @param objects the objects, in a version that the existing CRD serves. Only called for a change that needs them
 */
export function triedPlan(
  plan: CrdPlan,
  change: CrdChange,
  objects: () => readonly KubeObject[],
): { readonly plan: CrdPlan; readonly effects: ConversionEffects } {
  if (!isTried(plan, change)) return { plan, effects: new Map() };
  const effects = effectsOn(change, objects());
  return { plan: refusing(plan, change, effects), effects };
}

/** Like `triedPlan`, with the objects of the cluster. */
export async function tryOnCluster(
  client: Pick<KubernetesApi, 'list'>,
  plan: CrdPlan,
  change: CrdChange,
  signal: AbortSignal,
): Promise<ReturnType<typeof triedPlan>> {
  const { existing } = change;
  if (existing === undefined || !isTried(plan, change)) return { plan, effects: new Map() };
  const version = objectsAt(existing.spec, 'versions').find((each) => each['storage'] === true);
  const type = {
    apiVersion: `${textAt(existing.spec, 'group')}/${textAt(version, 'name')}`,
    kind: textAt(existing.spec, 'names', 'kind'),
  };
  // After an expired page, the list begins again.
  const found = new Map<string, ReturnType<typeof Conversion.effectOn>>();
  const onPage = (items: readonly KubeObject[]): void => {
    for (const [object, effect] of effectsOn(change, items)) found.set(object, effect);
    // The list keeps its items until its end.
    for (const item of items) Object.assign(item, { spec: undefined, status: undefined });
  };
  try {
    await client.list(type, { limit: PAGE, signal, onPage });
  } catch (thrown) {
    if (!(thrown instanceof KubeError) || !isUnreadable(thrown)) throw thrown;
  }
  return { plan: refusing(plan, change, found), effects: found };
}

/**
 * The kind is not served, may not be listed, or its present conversions fail. The change is then not held up: it may be
 * the remedy.
 */
const isUnreadable = ({ status, message }: KubeError): boolean =>
  status === 403 || status === 404 || message.includes('conversion webhook for ');

function refusing(plan: CrdPlan, { wanted, isBreakingAllowed }: CrdChange, effects: ConversionEffects): CrdPlan {
  const refused = [...effects].flatMap(([object, { problem, change }]) => {
    const reason = problem ?? (isBreakingAllowed ? undefined : change);
    return reason === undefined ? [] : [`${object} ${reason}`];
  });
  if (refused.length === 0) return plan;
  const more = refused.length - MAX_NAMED;
  const list = [...refused.slice(0, MAX_NAMED), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
  const hasProblem = [...effects.values()].some(({ problem }) => problem !== undefined);
  const remedy = hasProblem
    ? 'correct the rules of the conversion, or the objects'
    : `give these versions their values by rules, or name fields in lossy; ${ALLOW_BREAKING_REMEDY}`;
  const message = `cannot update CRD ${wanted.metadata.name ?? ''}: ${list}; ${remedy}`;
  return { do: 'refuse', message, mayPass: true };
}
