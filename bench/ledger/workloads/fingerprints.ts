/** Processor time of 20,000 comparisons of live objects with their desired values. */
import { Fingerprint, Projection } from '@typekro/engine/runtime';
import { desiredFingerprint } from '../../../packages/engine/src/runtime/objects/owned-fields.ts';
import { liveObject } from './live-objects.ts';
import { printTime } from './figures.ts';

const objects = Array.from({ length: 20_000 }, (_, index) => liveObject(index));
await printTime(() => {
  let same = 0;
  for (const object of objects) {
    const { apiVersion, kind, metadata, spec } = object;
    const { name = '', labels: { app = '' } = {} } = metadata;
    const desired = {
      apiVersion,
      kind,
      metadata: { name, labels: { app } },
      spec: { replicas: spec?.['replicas'] ?? 0 },
    };
    if (Fingerprint.isSame(Projection.of(object, []).owned ?? '', desiredFingerprint(desired))) same += 1;
  }
  if (same > objects.length) throw new Error('impossible');
});
