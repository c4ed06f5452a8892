import { expect, test } from 'vitest';
import { crdOf } from '@typekro/kit/test-support/crd';
import { createManualClock } from '../cluster-clock.ts';
import { NotStored } from '../store/journal.ts';
import { Store } from '../store/store.ts';
import { Work } from '../work.ts';
import { registerVersions } from './register-versions.ts';

/**
 * A store in which an APIService remains after the deletion of its CustomResourceDefinition, because the journal
 * refused to delete the APIService. The journal accepts changes again.
 */
async function registered() {
  const disk = { isFull: false };
  const store = new Store();
  const work = new Work(() => undefined);
  const onRestored: (() => void)[] = [];
  registerVersions({ store, work, clock: createManualClock(0), newUid: () => 'uid', onRestored });
  store.keepIn({
    keep({ of }) {
      if (disk.isFull && of?.plural === 'apiservices') throw new NotStored('the disk is full', undefined);
    },
  });
  const definitions = store.collection('apiextensions.k8s.io', 'customresourcedefinitions');
  const services = store.collection('apiregistration.k8s.io', 'apiservices');
  definitions.put('gadgets.example.com', crdOf('Gadget', {}));
  await work.idle();
  expect(services.get('v1.example.com')).toBeDefined();
  disk.isFull = true;
  definitions.remove('gadgets.example.com');
  await work.idle();
  expect(services.get('v1.example.com')).toBeDefined();
  disk.isFull = false;
  return { store, work, services, onRestored };
}

test('an APIService whose deletion the journal refused is deleted as soon as changes can be stored again', async () => {
  const { store, work, services } = await registered();
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
  store.collection('', 'configmaps').put('default/a', map);
  await work.idle();
  expect(services.get('v1.example.com')).toBeUndefined();
});

test('an APIService whose deletion the journal refused is deleted at the next start', async () => {
  const { work, services, onRestored } = await registered();
  for (const listener of onRestored) listener();
  await work.idle();
  expect(services.get('v1.example.com')).toBeUndefined();
});
