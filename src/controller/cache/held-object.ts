import type { KubeObject } from '../../core/index.ts';
import type { LiveObject, EquivalentDigests } from '../../runtime/index.ts';
import { digestText, isSameFingerprint, settledOf } from '../../runtime/index.ts';
import { compact } from './compact.ts';

/** A projection that remembers what was settled of the object before it came; `whole`: what it is a projection of. */
export function projectWithBaseline(projected: LiveObject, before: LiveObject, whole: KubeObject): LiveObject {
  const { settled } = before;
  const pair = settledOf(before);
  if (settled === undefined || pair === undefined) return projected;
  // Somebody may have changed what is ours: the whole object tells which fields, and who.
  const isOurs = isSameFingerprint(pair.owned, projected.owned ?? '');
  return isOurs ? makeEntry(projected, settled, undefined) : makeEntry(projected, pair, whole);
}

/** The object, of which this is known now. */
export function withBaseline(live: LiveObject, pair: EquivalentDigests): LiveObject {
  const { owned = '', whole } = live;
  const isExplained = isSameFingerprint(owned, pair.owned);
  const isPlain = isExplained && isSameFingerprint(owned, pair.desired);
  return makeEntry(live, isPlain ? true : pair, isExplained ? undefined : whole);
}

/** The object beside the whole object, which was read since the projection alone cannot tell whether it is as wanted. */
export function withWhole(live: LiveObject, whole: KubeObject): LiveObject {
  return makeEntry(live, live.settled, whole);
}

/** The same in the least memory: with digests for fingerprints, and texts that others have as well held once. */
export function compacted({ object, owned, settled, whole }: LiveObject): LiveObject {
  const copy = { object: compact(object), ...(owned === undefined ? {} : { owned: digestText(owned) }) };
  return makeEntry(copy, settled === undefined || settled === true ? settled : digestsOf(settled), whole);
}

function digestsOf({ desired, owned }: EquivalentDigests): EquivalentDigests {
  return { desired: digestText(desired), owned: digestText(owned) };
}

/** Of one layout, member by member: objects that are copied with some members left out each get a layout of their own. */
function makeEntry(
  { object, owned }: LiveObject,
  settled: EquivalentDigests | true | undefined,
  whole: KubeObject | undefined,
): LiveObject {
  if (settled === undefined) {
    const known = owned === undefined ? { object } : { object, owned };
    return whole === undefined ? known : { ...known, whole };
  }
  if (owned === undefined) return whole === undefined ? { object, settled } : { object, settled, whole };
  return whole === undefined ? { object, owned, settled } : { object, owned, settled, whole };
}
