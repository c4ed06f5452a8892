import type { KubeObject } from '../../core/index.ts';
import type { LiveObject, EquivalentDigests } from '../../runtime/index.ts';
import { digestText, isSameFingerprint, equivalenceOf } from '../../runtime/index.ts';
import { compact } from './compact.ts';

/**
 * The projection `projected` with the equivalence of its predecessor `before`. When another client may have changed
 * owned fields, the result also has `whole`, the unprojected object.
 */
export function projectWithEquivalence(projected: LiveObject, before: LiveObject, whole: KubeObject): LiveObject {
  const { equivalence } = before;
  const pair = equivalenceOf(before);
  if (equivalence === undefined || pair === undefined) return projected;
  // The whole object says which owned fields another client changed, and names the client.
  const isOurs = isSameFingerprint(pair.owned, projected.owned ?? '');
  return isOurs ? makeEntry(projected, equivalence, undefined) : makeEntry(projected, pair, whole);
}

/** The entry with `pair` as its equivalence. The whole object is dropped when `pair` explains the owned fields. */
export function withEquivalence(live: LiveObject, pair: EquivalentDigests): LiveObject {
  const { owned = '', whole } = live;
  const isExplained = isSameFingerprint(owned, pair.owned);
  const isPlain = isExplained && isSameFingerprint(owned, pair.desired);
  return makeEntry(live, isPlain ? true : pair, isExplained ? undefined : whole);
}

/** The entry with the whole object, for decisions that the projection does not suffice for. */
export function withWhole(live: LiveObject, whole: KubeObject): LiveObject {
  return makeEntry(live, live.equivalence, whole);
}

/** The same entry in less memory. Digests replace fingerprints, and repeated texts are interned. */
export function compacted({ object, owned, equivalence, whole }: LiveObject): LiveObject {
  const copy = { object: compact(object), ...(owned === undefined ? {} : { owned: digestText(owned) }) };
  return makeEntry(
    copy,
    equivalence === undefined || equivalence === true ? equivalence : digestsOf(equivalence),
    whole,
  );
}

function digestsOf({ desired, owned }: EquivalentDigests): EquivalentDigests {
  return { desired: digestText(desired), owned: digestText(owned) };
}

function makeEntry(
  { object, owned }: LiveObject,
  equivalence: EquivalentDigests | true | undefined,
  whole: KubeObject | undefined,
): LiveObject {
  return {
    object,
    ...(owned === undefined ? {} : { owned }),
    ...(equivalence === undefined ? {} : { equivalence }),
    ...(whole === undefined ? {} : { whole }),
  };
}
