import type { KubeObject } from '../core/index.ts';
import { formatPath } from '../graph/index.ts';
import type { FieldDifference } from './compare.ts';
import { compareApplied, lastWriter } from './compare.ts';
import type { Fingerprint } from './fingerprint.ts';
import { isSameFingerprint } from './fingerprint.ts';
import { isOwned } from './labels.ts';
import { labelOf } from './identity.ts';
import {
  INSTANCE_ID_LABEL,
  INSTANCE_KIND_LABEL,
  INSTANCE_NAME_LABEL,
  INSTANCE_NAMESPACE_LABEL,
  PART_OF_LABEL,
} from './keys.ts';
import type { AdoptionPolicy, ApplyReason, LiveObject, EquivalentDigests } from './model.ts';
import { settledOf } from './model.ts';
import { ownedFingerprint } from './owned-fields.ts';

/** The field that says which ApplySet an object belongs to, as differences name it. */
export const OWNER_FIELD = formatPath(['metadata', 'labels', PART_OF_LABEL]);

/** Whether an object has to be written. */
export type WriteDecision =
  | { readonly kind: 'none' }
  /** Found equal for the first time, by fingerprint or field by field: worth remembering. */
  | { readonly kind: 'settled'; readonly pair: EquivalentDigests }
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

/** Fingerprint of the fields that we own in a live object. */
export function ownedFingerprintOf(live: LiveObject): Fingerprint {
  return live.owned ?? ownedFingerprint(live.object);
}

/**
 * Does an existing object have to be applied? Not when the fields that we own have the values that we
 * want, or values known to satisfy them. A difference of fingerprints alone is trusted only where an earlier
 * comparison told that those of this object can be compared; else the whole object decides.
 */
export function decideWrite(desired: KubeObject, wanted: Fingerprint, live: LiveObject): WriteDecision {
  const owner = labelOf(live.object, PART_OF_LABEL);
  if (owner === undefined) {
    return applyBecause(isOwned(live.object) ? 'drift' : 'adopt', desired, wholeOf(live));
  }
  const owned = ownedFingerprintOf(live);
  const settled = settledOf(live);
  // That they are equal tells that those of this object can be compared, when it is to change later.
  if (isSameFingerprint(owned, wanted)) {
    return settled === undefined ? { kind: 'settled', pair: { desired: owned, owned } } : { kind: 'none' };
  }
  const isKnown = settled !== undefined && isSameFingerprint(settled.desired, wanted);
  if (isKnown && isSameFingerprint(settled.owned, owned)) return { kind: 'none' };
  const whole = wholeOf(live);
  if (whole === undefined && settled === undefined && owned !== '') return { kind: 'read' };
  if (owner !== labelOf(desired, PART_OF_LABEL)) {
    return { ...applyBecause('adopt', desired, whole), ...(owner === '' ? {} : { formerOwner: owner }) };
  }
  const need = applyBecause(isKnown ? 'drift' : 'change', desired, whole);
  if (need.differences?.length === 0) return { kind: 'settled', pair: { desired: wanted, owned } };
  // After a restart nothing is remembered of what was applied; whoever took a field from us says so in it.
  const isTaken = settled === undefined && need.differences?.every(({ taken }) => taken === true) === true;
  return isTaken ? { ...need, why: 'drift' } : need;
}

function wholeOf(live: LiveObject): KubeObject | undefined {
  return isWhole(live) ? live.object : live.whole;
}

function applyBecause(
  why: ApplyReason,
  desired: KubeObject,
  whole: KubeObject | undefined,
): WriteDecision & { kind: 'apply' } {
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
export type Refusal =
  | { readonly owner: string; readonly instance: string | undefined }
  | { readonly owner: undefined; readonly instance?: undefined };

/** Checks the owner of an existing object before it is applied. */
export function ownershipRefusal(
  live: KubeObject,
  instance: KubeObject,
  applySet: string,
  policy: AdoptionPolicy,
): Refusal | undefined {
  const owner = labelOf(live, PART_OF_LABEL);
  if (owner === applySet || policy === 'takeOver') return undefined;
  if (owner !== undefined && owner !== '') return { owner, instance: instanceOf(live) };
  const ours = labelOf(live, INSTANCE_ID_LABEL) === instance.metadata.uid;
  return policy === 'refuse' && !ours ? { owner: undefined } : undefined;
}

/** The instance that wrote an object, as its labels name it. */
function instanceOf(live: KubeObject): string | undefined {
  const kind = labelOf(live, INSTANCE_KIND_LABEL);
  const name = labelOf(live, INSTANCE_NAME_LABEL);
  const namespace = labelOf(live, INSTANCE_NAMESPACE_LABEL) ?? '';
  if (kind === undefined || name === undefined) return undefined;
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
}
