import type { KubeObject } from '../../core/index.ts';
import type { LiveObject, SettledPair } from '../../runtime/index.ts';
import { digestText, isSameFingerprint, settledOf } from '../../runtime/index.ts';
import { compact } from './compact.ts';

/** A projection that remembers what was settled of the object before it came; `whole`: what it is a projection of. */
export function remembering(projected: LiveObject, before: LiveObject, whole: KubeObject): LiveObject {
  const settled = settledOf(before);
  if (settled === undefined) return projected;
  // Somebody may have changed what is ours: the whole object tells which fields, and who.
  const isOurs = isSameFingerprint(settled.owned, projected.owned ?? '');
  return held(projected, settled, isOurs ? undefined : whole);
}

/** The object, of which this is known now. */
export function settledAs(live: LiveObject, pair: SettledPair): LiveObject {
  const isExplained = live.whole === undefined || isSameFingerprint(live.owned ?? '', pair.owned);
  return held(live, pair, isExplained ? undefined : live.whole);
}

/** The same in the least memory: with digests for fingerprints, and texts that others have as well held once. */
export function tidied({ object, owned, settled, whole }: LiveObject): LiveObject {
  const copy = { object: compact(object), ...(owned === undefined ? {} : { owned: digestText(owned) }) };
  if (settled === undefined) return copy;
  const pair = settledOf({ ...copy, settled });
  return pair === undefined ? copy : held(copy, digestsOf(pair), whole);
}

function digestsOf({ desired, owned }: SettledPair): SettledPair {
  return { desired: digestText(desired), owned: digestText(owned) };
}

/** Of one layout, member by member: objects that are copied with some members left out each get a layout of their own. */
function held({ object, owned }: LiveObject, pair: SettledPair, whole: KubeObject | undefined): LiveObject {
  const isPlain = owned !== undefined && isSameFingerprint(pair.owned, owned) && isSameFingerprint(pair.desired, owned);
  const settled = isPlain ? true : pair;
  if (owned === undefined) return whole === undefined ? { object, settled } : { object, settled, whole };
  return whole === undefined ? { object, owned, settled } : { object, owned, settled, whole };
}
