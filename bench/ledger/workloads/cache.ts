/**
 * Measures the heap memory that one object in the controller's cache takes: its projection, its digests and its key.
 */
import { cacheKeyOf } from '../../../packages/controller/src/controller/cache/scope-watch.ts';
import { compacted, withEquivalence } from '../../../packages/controller/src/controller/cache/held-object.ts';
import { Projection } from '@typekro/engine/runtime';
import { liveObject } from './live-objects.ts';
import { printBytesEach } from './figures.ts';

const READS = [
  ['status', 'conditions'],
  ['spec', 'replicas'],
];

printBytesEach(20_000, (index) => {
  const object = liveObject(index);
  const live = Projection.of(object, READS);
  const { owned = '' } = live;
  return [cacheKeyOf(object), compacted(withEquivalence(live, { desired: owned, owned }))];
});
