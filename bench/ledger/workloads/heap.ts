/**
 * Resident memory of a process that makes projections of 5,000 objects ten times, and keeps those of the last round.
 */
import { keepHeapSmall } from '../../../packages/cli/src/process/small-heap.ts';
import { compacted } from '../../../packages/controller/src/controller/cache/held-object.ts';
import { Projection } from '@typekro/engine/runtime';
import { liveObject } from './live-objects.ts';

keepHeapSmall([]);
const kept = new Map<number, unknown>();
for (let round = 0; round < 10; round += 1)
  for (let index = 0; index < 5000; index += 1) kept.set(index, compacted(Projection.of(liveObject(index), [])));
console.log(process.memoryUsage().rss / 2 ** 20);
process.exit(kept.size === 5000 ? 0 : 1);
