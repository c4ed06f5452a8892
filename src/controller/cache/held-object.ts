import type { KubeObject } from '../../core/index.ts';
import type { LiveObject, EquivalentDigests } from '../../runtime/index.ts';
import { digestText, isSameFingerprint, equivalenceOf } from '../../runtime/index.ts';
import { compact } from './compact.ts';

/**
 * The projection `projected` with the equivalence of its predecessor `before`. The result also has `whole`, the
 * projected object, when another client changed owned fields.
 */
export function projectWithEquivalence(projected: LiveObject, before: LiveObject, whole: KubeObject): LiveObject {
  const { equivalence } = before;
  const pair = equivalenceOf(before);
  if (equivalence === undefined || pair === undefined) return projected;
  // Another client may have changed owned fields: the whole object tells which fields, and names the client.
  const isOurs = isSameFingerprint(pair.owned, projected.owned ?? '');
  return isOurs ? makeEntry(projected, equivalence, undefined) : makeEntry(projected, pair, whole);
}

/** The entry with `pair` as its equivalence. The result has no whole object if `pair` explains the owned fields. */
export function withEquivalence(live: LiveObject, pair: EquivalentDigests): LiveObject {
  const { owned = '', whole } = live;
  const isExplained = isSameFingerprint(owned, pair.owned);
  const isPlain = isExplained && isSameFingerprint(owned, pair.desired);
  return makeEntry(live, isPlain ? true : pair, isExplained ? undefined : whole);
}

/** The projection together with the whole object, for decisions that need more than the projection. */
export function withWhole(live: LiveObject, whole: KubeObject): LiveObject {
  return makeEntry(live, live.equivalence, whole);
}

/** The same entry in less memory: digests replace fingerprints, and common texts are interned. */
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

/** The entry with these parts. */
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
