import { type KubeObject, definedMembers } from '@typekro/kit/core';
import type { ApplyAction, EquivalentDigests, Observations } from '@typekro/engine/runtime';
import { FieldWriter, Fingerprint, WriteRules } from '@typekro/engine/runtime';
import { compact } from './compact.ts';
import { internJson, internString } from './intern.ts';
import { frugalMap } from './single-entry-map.ts';

/**
 * The projection `projected` with the equivalence of its predecessor `before`. When another client may have changed
 * owned fields, the result also has `whole`, the unprojected object.
 */
export function projectWithEquivalence(
  projected: Observations.LiveObject,
  before: Observations.LiveObject,
  whole: KubeObject,
): Observations.LiveObject {
  return withWriters(projectWithOwn(projected, before, whole), before, whole);
}

/** The projection with the equivalence of `LiveObject.owned`, the fields that the controller's field manager owns. */
function projectWithOwn(
  projected: Observations.LiveObject,
  before: Observations.LiveObject,
  whole: KubeObject,
): Observations.LiveObject {
  const { equivalence } = before;
  const pair = Fingerprint.equivalenceOf(before);
  if (equivalence === undefined || pair === undefined) return projected;
  // The managed fields of the whole object show which owned fields changed, and which client changed them.
  const isUnchanged = Fingerprint.isSame(pair.owned, projected.owned ?? '');
  return isUnchanged ? makeEntry(projected, equivalence, undefined) : makeEntry(projected, pair, whole);
}

/** The projection with the equivalences of the writers of kro's graph engine (`LiveObject.engineFields`). */
function withWriters(
  projected: Observations.LiveObject,
  before: Observations.LiveObject,
  whole: KubeObject,
): Observations.LiveObject {
  const { engineFields } = projected;
  if (engineFields === undefined || before.engineFields === undefined) return projected;
  let isUnchanged = true;
  const next: [string, Observations.EngineFields][] = [];
  for (const [writer, { owned }] of engineFields) {
    const known = before.engineFields.get(writer);
    const pair = known === undefined ? undefined : Fingerprint.equivalenceOf(known);
    if (known?.equivalence === undefined || pair === undefined) {
      next.push([writer, { owned }]);
      continue;
    }
    const isSame = Fingerprint.isSame(pair.owned, owned);
    isUnchanged &&= isSame;
    next.push([writer, { owned, equivalence: isSame ? known.equivalence : pair }]);
  }
  const fields = frugalMap(next);
  const entry = makeEntry({ ...projected, engineFields: fields }, projected.equivalence, projected.whole);
  return isUnchanged ? entry : withWhole(entry, whole);
}

/** The entry with `pair` as the equivalence of a writer of kro's graph engine. */
export function withWriterEquivalence(
  live: Observations.LiveObject,
  writer: string,
  pair: EquivalentDigests,
): Observations.LiveObject {
  const fields = live.engineFields?.get(writer);
  if (fields === undefined) return live;
  const isExplained = Fingerprint.isSame(fields.owned, pair.owned);
  const isPlain = isExplained && Fingerprint.isSame(fields.owned, pair.desired);
  const next: Observations.EngineFields = { owned: fields.owned, equivalence: isPlain ? true : pair };
  const entries = [...(live.engineFields ?? [])].map(
    ([name, other]) => [name, name === writer ? next : other] as const,
  );
  const engineFields = frugalMap(entries);
  return makeEntry({ ...live, engineFields }, live.equivalence, isExplained ? undefined : live.whole);
}

/**
 * The equivalence that the response to an apply shows, and the writer of kro's graph engine that it belongs to;
 * `undefined` for the manager that writes the children of instances.
 *
 * @param before the entry before the response
 * @param held the entry of the response; `undefined` when a later version is held
 */
export function appliedPair(
  action: ApplyAction,
  answer: KubeObject,
  before: Observations.LiveObject | undefined,
  held: Observations.LiveObject | undefined,
  now: number,
): { readonly pair: EquivalentDigests; readonly writer: string | undefined } {
  const { manager, subresource } = action;
  const by = manager === undefined ? undefined : FieldWriter.of(manager, subresource);
  const writer = by === undefined ? undefined : FieldWriter.nameOf(by);
  const fieldsOf = (entry: Observations.LiveObject | undefined) =>
    writer === undefined ? entry : entry?.engineFields?.get(writer);
  const owned = fieldsOf(held)?.owned ?? FieldWriter.fingerprint(answer, by);
  const known = fieldsOf(before);
  const earlier = known === undefined ? undefined : Fingerprint.equivalenceOf(known);
  return {
    pair: WriteRules.equivalenceAfterApply(action, answer, { owned, writer: by, before: earlier, now }),
    writer,
  };
}

/** The entry with all writes due that the server has changed, so that the next decision compares the whole object. */
export function withDueWrites(live: Observations.LiveObject): Observations.LiveObject {
  const due = (pair: EquivalentDigests | true | undefined) =>
    pair === undefined || pair === true ? pair : { ...pair, repeat: { pauses: pair.repeat?.pauses ?? 0, at: 0 } };
  const fields = [...(live.engineFields ?? [])].map(
    ([writer, { owned, equivalence }]): [string, Observations.EngineFields] => [
      writer,
      { owned, ...definedMembers({ equivalence: due(equivalence) }) },
    ],
  );
  const engineFields = live.engineFields && frugalMap(fields);
  return makeEntry({ ...live, ...definedMembers({ engineFields }) }, due(live.equivalence), live.whole);
}

/** The entry with `pair` as its equivalence. The whole object is dropped when `pair` matches the owned fields. */
export function withEquivalence(live: Observations.LiveObject, pair: EquivalentDigests): Observations.LiveObject {
  const { owned = '', whole } = live;
  const isExplained = Fingerprint.isSame(owned, pair.owned);
  const isPlain = isExplained && Fingerprint.isSame(owned, pair.desired);
  return makeEntry(live, isPlain ? true : pair, isExplained ? undefined : whole);
}

/** The entry with the whole object, for decisions that need more than the projection. */
export function withWhole(live: Observations.LiveObject, whole: KubeObject): Observations.LiveObject {
  return makeEntry(live, live.equivalence, whole);
}

/** The same entry in less memory. Digests replace fingerprints, and repeated strings are interned. */
export function compacted({
  object,
  owned,
  equivalence,
  whole,
  engineFields,
}: Observations.LiveObject): Observations.LiveObject {
  const copy = {
    object: compact(object),
    ...(owned === undefined ? {} : { owned: sharedDigest(owned) }),
    ...(engineFields === undefined ? {} : { engineFields: compactedFields(engineFields) }),
  };
  return makeEntry(
    copy,
    equivalence === undefined || equivalence === true ? equivalence : digestsOf(equivalence),
    whole,
  );
}

function compactedFields(
  fields: ReadonlyMap<string, Observations.EngineFields>,
): ReadonlyMap<string, Observations.EngineFields> {
  const entries = [...fields].map(([writer, { owned, equivalence }]): [string, Observations.EngineFields] => {
    const digests = equivalence === undefined || equivalence === true ? equivalence : digestsOf(equivalence);
    // Equal Graphs make objects with equal fields, so that these objects share one `EngineFields` in memory.
    return [
      internString(writer),
      internJson({ owned: sharedDigest(owned), ...definedMembers({ equivalence: digests }) }),
    ];
  });
  return frugalMap(entries);
}

function digestsOf({ desired, owned, repeat }: EquivalentDigests): EquivalentDigests {
  return { desired: sharedDigest(desired), owned: sharedDigest(owned), ...definedMembers({ repeat }) };
}

/** The digest of a fingerprint. Objects with equal owned fields share it. */
function sharedDigest(fingerprint: Fingerprint): string {
  return internString(Fingerprint.ofText(fingerprint));
}

function makeEntry(
  { object, owned, engineFields }: Observations.LiveObject,
  equivalence: EquivalentDigests | true | undefined,
  whole: KubeObject | undefined,
): Observations.LiveObject {
  // An object literal takes only the memory of its members. A literal with spread members reserves more.
  if (whole === undefined && owned !== undefined) {
    if (engineFields === undefined && equivalence !== undefined) return { object, owned, equivalence };
    if (engineFields !== undefined && equivalence === undefined) return { object, owned, engineFields };
    if (engineFields === undefined) return { object, owned };
  }
  return {
    object,
    ...(owned === undefined ? {} : { owned }),
    ...(equivalence === undefined ? {} : { equivalence }),
    ...(whole === undefined ? {} : { whole }),
    ...(engineFields === undefined ? {} : { engineFields }),
  };
}
