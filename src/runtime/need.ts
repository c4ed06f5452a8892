import type { KubeObject } from '../core/index.ts';
import type { FieldDifference } from './compare.ts';
import { compareApplied, lastWriter } from './compare.ts';
import { isOwned } from './labels.ts';
import { labelOf } from './identity.ts';
import { INSTANCE_ID_LABEL, PART_OF_LABEL } from './keys.ts';
import type { AdoptionPolicy, ApplyReason, LiveObject, SettledPair } from './model.ts';
import { settledOf } from './model.ts';
import { ownedDigest } from './owned-fields.ts';

/** Whether an object has to be written. */
export type Need =
  | { readonly kind: 'none' }
  /** Found equal for the first time, by digest or field by field: worth remembering. */
  | { readonly kind: 'settled'; readonly pair: SettledPair }
  | {
      readonly kind: 'apply';
      readonly why: ApplyReason;
      readonly differences?: readonly FieldDifference[];
      readonly lastWriter?: string;
      readonly formerOwner?: string;
    }
  /** The projection cannot tell: the whole object is to be read. */
  | { readonly kind: 'read' };

/** Has the runtime the whole object, or a projection of it? */
export function isWhole(live: LiveObject): boolean {
  return live.object.metadata.managedFields !== undefined;
}

/** Digest of the fields that we own in a live object. */
export function ownedDigestOf(live: LiveObject): string {
  return live.owned ?? ownedDigest(live.object);
}

/**
 * Does an existing object have to be applied? Not when the fields that we own have the values that we
 * want, or values known to satisfy them. A difference of digests alone is trusted only where an earlier
 * comparison told that digests of this object can be compared; else the whole object decides.
 */
export function needsApply(desired: KubeObject, digest: string, live: LiveObject): Need {
  const owner = labelOf(live.object, PART_OF_LABEL);
  if (owner === undefined) {
    return applyBecause(isOwned(live.object) ? 'drift' : 'adopt', desired, wholeOf(live));
  }
  const owned = ownedDigestOf(live);
  const settled = settledOf(live);
  // That they are equal tells that digests of this object can be compared, when it is to change later.
  if (owned === digest)
    return settled === undefined ? { kind: 'settled', pair: { desired: digest, owned } } : { kind: 'none' };
  if (settled !== undefined && settled.desired === digest && settled.owned === owned) return { kind: 'none' };
  const whole = wholeOf(live);
  if (whole === undefined && settled === undefined && owned !== '') return { kind: 'read' };
  if (owner !== labelOf(desired, PART_OF_LABEL)) {
    return { ...applyBecause('adopt', desired, whole), ...(owner === '' ? {} : { formerOwner: owner }) };
  }
  const need = applyBecause(settled?.desired === digest ? 'drift' : 'change', desired, whole);
  if (need.differences?.length === 0) return { kind: 'settled', pair: { desired: digest, owned } };
  // After a restart nothing is remembered of what was applied; whoever took a field from us says so in it.
  const isTaken = settled === undefined && need.differences?.every(({ taken }) => taken === true) === true;
  return isTaken ? { ...need, why: 'drift' } : need;
}

function wholeOf(live: LiveObject): KubeObject | undefined {
  return isWhole(live) ? live.object : live.whole;
}

function applyBecause(why: ApplyReason, desired: KubeObject, whole: KubeObject | undefined): Need & { kind: 'apply' } {
  if (whole === undefined) return { kind: 'apply', why };
  const writer = lastWriter(whole);
  return {
    kind: 'apply',
    why,
    differences: compareApplied(desired, whole),
    ...(writer === undefined ? {} : { lastWriter: writer }),
  };
}

/** Why an existing object may not be written: another ApplySet has it, or nobody has and adoption is refused. */
export type Refusal = { readonly owner: string } | { readonly owner: undefined };

/** Checks the owner of an existing object before it is applied. */
export function refusalOf(
  live: KubeObject,
  instance: KubeObject,
  applySet: string,
  policy: AdoptionPolicy,
): Refusal | undefined {
  const owner = labelOf(live, PART_OF_LABEL);
  if (owner === applySet || policy === 'takeOver') return undefined;
  if (owner !== undefined && owner !== '') return { owner };
  const ours = labelOf(live, INSTANCE_ID_LABEL) === instance.metadata.uid;
  return policy === 'refuse' && !ours ? { owner: undefined } : undefined;
}
