/** Resident memory of a store whose window of old events is full. */
import { Store } from '../../../packages/cluster/src/store/store.ts';
import { printResident } from './figures.ts';

const WINDOW = 10_000;

const stores: Store[] = [];

await printResident(() => {
  const store = new Store(WINDOW);
  const objects = store.collection('', 'configmaps');
  for (let turn = 0; turn < 2 * WINDOW; turn += 1) {
    const metadata = { name: 'a', namespace: 'default', labels: { turn: String(turn) } };
    const content = { text: `${turn}${'x'.repeat(800)}`, turn: String(turn) };
    objects.put('default/a', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: content });
  }
  stores.push(store);
});
// This use keeps the store reachable while the memory is measured.
if (stores.length !== 1) throw new Error('nothing was kept');
