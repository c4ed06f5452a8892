import { type KubeObject, backoffMs, RETRY_POLICIES } from '@typekro/kit/core';
import { Path } from '../../graph/index.ts';
import { type FieldDifference, compareApplied, lastWriter } from '../objects/compare.ts';
import { type ForeignItem, foreignItems } from '../objects/foreign-items.ts';
import { type Fingerprint, type EquivalentDigests, isSameFingerprint, equivalenceOf } from '../objects/fingerprint.ts';
import { isTemplateManager } from '../objects/field-managers.ts';
import { isOwned } from '../objects/labels.ts';
import { labelOfObject } from '../objects/identity.ts';
import { CHILD_MANAGER, INSTANCE_ID_LABEL, PART_OF_LABEL, owningInstance } from '../objects/keys.ts';
import type { AdoptionPolicy, ApplyReason, ApplyAction } from '../model.ts';
import type { EngineFields, LiveObject } from '../observed-state.ts';
import { type FieldWriter, engineWriters, managerOf, ownedFingerprint, writerName } from '../objects/owned-fields.ts';

/** The path, in the notation of differences, of the label that names an object's ApplySet. */
export const OWNER_FIELD = Path.format(['metadata', 'labels', PART_OF_LABEL]);

/** The decision whether an object must be written. */
export type WriteDecision =
  /** `repeatAt`: an earlier write was changed by the server, and is repeated at this time (`EquivalentDigests`). */
  | { readonly kind: 'none'; readonly repeatAt?: number }
  /** The live fields satisfy the desired ones, but no recorded pair says so. The caller records this pair. */
  | { readonly kind: 'equivalent'; readonly pair: EquivalentDigests }
  | {
      readonly kind: 'apply';
      readonly why: ApplyReason;
      readonly differences?: readonly FieldDifference[];
      readonly foreign?: readonly ForeignItem[];
      readonly lastWriter?: string;
      readonly formerOwner?: string;
    }
  /** The projection does not suffice: the whole object must be read. */
  | { readonly kind: 'read' };

/** Is `live` the whole object, and not a projection? */
export function isWhole(live: LiveObject): boolean {
  return live.object.metadata.managedFields !== undefined;
}

/** Fingerprint of the owned fields of a live object. */
export function ownedFingerprintOf(live: LiveObject): Fingerprint {
  return live.owned ?? ownedFingerprint(live.object);
}

/**
 * Decides whether an existing object must be applied as a child of an instance. An object without the label of an
 * ApplySet is always applied. For any other object, no write is necessary if its owned fields have the desired values,
 * or values that are known to satisfy them. The API server may store a desired value in another notation. Unequal
 * fingerprints therefore prove a difference only if an equivalence of the object is recorded. If none is recorded, the
 * whole object is compared.
 */
export function decideWrite(desired: KubeObject, wanted: Fingerprint, live: LiveObject, now: number): WriteDecision {
  const owner = labelOfObject(live.object, PART_OF_LABEL);
  if (owner === undefined) {
    return applyBecause(isOwned(live.object) ? 'drift' : 'adopt', desired, wholeOf(live), CHILD_MANAGER);
  }
  const fields = { owned: ownedFingerprintOf(live), equivalence: equivalenceOf(live) };
  const formerOwner = owner === labelOfObject(desired, PART_OF_LABEL) ? undefined : owner;
  return compareFields(desired, wanted, live, CHILD_MANAGER, fields, formerOwner, now);
}

/**
 * Decides whether a Graph must write an existing object with this writer, by the same rules as `decideWrite`. An object
 * in which the writer owns no field is adopted. If the Graph has recorded the object, however, another client has taken
 * all fields, and the write corrects drift.
 */
export function decideEngineWrite(
  desired: KubeObject,
  wanted: Fingerprint,
  live: LiveObject,
  writer: FieldWriter,
  isRecorded: () => boolean,
  now: number,
): WriteDecision {
  const { owned, equivalence } = engineFieldsOf(live, writer);
  if (owned === '') {
    const whole = wholeOf(live);
    if (!isRecorded()) return applyBecause('adopt', desired, whole, writer);
    return whole === undefined ? { kind: 'read' } : applyBecause('drift', desired, whole, writer);
  }
  const fields = {
    owned,
    equivalence: equivalenceOf({ owned, ...(equivalence === undefined ? {} : { equivalence }) }),
  };
  return compareFields(desired, wanted, live, writer, fields, undefined, now);
}

/** The fields that a writer of the graph engine owns in a live object. If it owns none, their fingerprint is empty. */
export function engineFieldsOf(live: LiveObject, writer: FieldWriter): EngineFields {
  const known = live.engineFields?.get(writerName(writer));
  if (known !== undefined) return known;
  return isWhole(live) ? { owned: ownedFingerprint(live.object, writer) } : NO_FIELDS;
}

const NO_FIELDS: EngineFields = { owned: '' };

/**
 * Adds an equivalence of a writer's fields to a live object, for a cache. Returns the given object if the writer no
 * longer owns fields in it. For an object without `managedFields`, the fields of the equivalence count as owned.
 */
export function withEngineEquivalence(live: LiveObject, writer: string, pair: EquivalentDigests): LiveObject {
  const owned = live.engineFields?.get(writer)?.owned ?? ownedOfWriter(live, writer, pair.owned);
  if (owned === undefined) return live;
  const fields: EngineFields = { owned, equivalence: pair };
  return { ...live, engineFields: new Map([...(live.engineFields ?? []), [writer, fields]]) };
}

function ownedOfWriter(live: LiveObject, writer: string, recorded: Fingerprint): Fingerprint | undefined {
  if (!isWhole(live)) return recorded;
  const found = engineWriters(live.object).find((each) => writerName(each) === writer);
  return found === undefined ? undefined : ownedFingerprint(live.object, found);
}

/** The field managers with which template nodes of Graphs write the object. */
export function graphsWriting(live: LiveObject): readonly string[] {
  if (live.engineFields !== undefined) return [...live.engineFields.keys()].filter(isTemplateManager);
  const writers = isWhole(live) ? engineWriters(live.object) : NO_WRITERS;
  return writers.length === 0 ? NO_MANAGERS : writers.map(writerName).filter(isTemplateManager);
}

const NO_WRITERS: readonly FieldWriter[] = [];
const NO_MANAGERS: readonly string[] = [];

/**
 * Compares the fields that a writer owns with the desired ones. `formerOwner` is set if the object is adopted: the id
 * of the ApplySet from which it is taken over, or an empty string if the label that names the ApplySet is empty.
 */
function compareFields(
  desired: KubeObject,
  wanted: Fingerprint,
  live: LiveObject,
  writer: FieldWriter,
  { owned, equivalence: known }: { readonly owned: Fingerprint; readonly equivalence: EquivalentDigests | undefined },
  formerOwner: string | undefined,
  now: number,
): WriteDecision {
  const { repeat } = known ?? {};
  // When a write is due again, its response says nothing about the present behaviour of the server.
  const equivalence = repeat !== undefined && repeat.at <= now ? undefined : known;
  // The pair is recorded even for equal fingerprints. With a recorded pair, later unequal fingerprints prove a
  // difference; without one, the whole object would be read below.
  if (isSameFingerprint(owned, wanted)) {
    return equivalence === undefined ? { kind: 'equivalent', pair: { desired: owned, owned } } : { kind: 'none' };
  }
  const isKnown = equivalence !== undefined && isSameFingerprint(equivalence.desired, wanted);
  if (isKnown && isSameFingerprint(equivalence.owned, owned))
    return { kind: 'none', ...(repeat === undefined ? {} : { repeatAt: repeat.at }) };
  const whole = wholeOf(live);
  if (whole === undefined && equivalence === undefined && owned !== '') return { kind: 'read' };
  if (formerOwner !== undefined) {
    const adoption = applyBecause('adopt', desired, whole, writer);
    return { ...adoption, ...(formerOwner === '' ? {} : { formerOwner }) };
  }
  // The last write is known: if its manager owns another value now, another process writes with the same manager.
  const rival = `another controller with the field manager ${managerOf(writer)}`;
  const decision = isKnown
    ? applyBecause('drift', desired, whole, writer, rival)
    : applyBecause('change', desired, whole, writer);
  if (decision.differences?.length === 0) return { kind: 'equivalent', pair: { desired: wanted, owned } };
  // After a restart no equivalence is known, but `managedFields` show whether another manager took the fields.
  const isTaken = equivalence === undefined && decision.differences?.every(({ taken }) => taken === true) === true;
  return isTaken ? { ...decision, why: 'drift' } : decision;
}

/** The owned fields after an apply, and what was known before it. `writer` is absent for the children of instances. */
interface AppliedFields {
  readonly owned: Fingerprint;
  readonly writer: FieldWriter | undefined;
  readonly before: EquivalentDigests | undefined;
  readonly now: number;
}

/**
 * The equivalence that the response to an apply shows. If the response has other values than the desired object, the
 * write is repeated after a pause, which grows as long as `before`, the equivalence of the write before, had such values
 * too.
 */
export function equivalenceAfterApply(
  { desired, fingerprint }: Pick<ApplyAction, 'desired' | 'fingerprint'>,
  answer: KubeObject,
  { owned, writer, before, now }: AppliedFields,
): EquivalentDigests {
  const pair = { desired: fingerprint, owned };
  if (isSameFingerprint(fingerprint, owned) || compareApplied(desired, answer, writer).length === 0) return pair;
  const pauses = (before?.repeat?.pauses ?? 0) + 1;
  return { ...pair, repeat: { at: now + backoffMs(RETRY_POLICIES.changedWrite, pauses, 0), pauses } };
}

/** The whole object, if the observer has it. */
export function wholeOf(live: LiveObject): KubeObject | undefined {
  return isWhole(live) ? live.object : live.whole;
}

function applyBecause(
  why: ApplyReason,
  desired: KubeObject,
  whole: KubeObject | undefined,
  by: FieldWriter,
  rival?: string,
): WriteDecision & { kind: 'apply' } {
  if (whole === undefined) return { kind: 'apply', why };
  const writer = lastWriter(whole, managerOf(by));
  const foreign = foreignItems(desired, whole, by);
  return {
    kind: 'apply',
    why,
    differences: compareApplied(desired, whole, by, rival),
    ...(foreign.length === 0 ? {} : { foreign }),
    ...(writer === undefined ? {} : { lastWriter: writer }),
  };
}

/**
 * The reason why an existing object may not be written: another ApplySet owns it, or it has no owner and the policy
 * forbids adoption.
 */
export type OwnershipConflict =
  | { readonly owner: string; readonly instance: string | undefined }
  | { readonly owner: undefined; readonly instance?: undefined };

/** Checks the owner of an existing object before it is applied. Returns `undefined` if the object may be written. */
export function ownershipRefusal(
  live: KubeObject,
  instance: KubeObject,
  applySet: string,
  policy: AdoptionPolicy,
): OwnershipConflict | undefined {
  const owner = labelOfObject(live, PART_OF_LABEL);
  if (owner === applySet || policy === 'takeOver') return undefined;
  if (owner !== undefined && owner !== '') return { owner, instance: owningInstance(live) };
  const { uid } = instance.metadata;
  const isOwn = uid !== undefined && labelOfObject(live, INSTANCE_ID_LABEL) === uid;
  return policy === 'refuse' && !isOwn ? { owner: undefined } : undefined;
}

/**
 * May an apply take over fields of the managers with which it conflicts? An apply that already had force has no
 * conflicts and is not repeated. An apply without a `uid`, which should have created the object, takes over no field:
 * another client created the object first, and the object may belong to an instance. Only the next decision sees the
 * owner.
 *
 * @param managers the managers that own the fields; empty if the server does not name the managers
 */
export function mayForce(
  { force = 'always', uid }: Pick<ApplyAction, 'force' | 'uid'>,
  managers: readonly string[],
): boolean {
  if (force === 'always' || managers.length === 0 || uid === undefined) return false;
  if (force === 'unlessGraph') return !managers.some(isTemplateManager);
  return managers.every((manager) => isCovered(manager, force.prefix) && !force.except.includes(manager));
}

/** Is the manager equal to the prefix, or does it begin with the prefix and a dot? */
function isCovered(manager: string, prefix: string): boolean {
  return manager === prefix || manager.startsWith(`${prefix}.`);
}

/** Who may write the fields of an object. */
export const WriteRules = {
  engineFieldsOf,
  equivalenceAfterApply,
  graphsWriting,
  OWNER_FIELD,
  withEngineEquivalence,
  mayForce,
};
