import type { LazyModule } from '../lazy-module.ts';
import { type Store, type StoreEvent, storeKey } from '../store/store.ts';
import type { Work } from '../work.ts';
import { type AggregationGate, isDelegated, REGISTRATION, serviceKey } from './gate.ts';
import type { AggregationContext, aggregatorOf } from './index.ts';

/** The parts of the cluster that `followApiServices` uses. */
export type FollowServersContext = Omit<AggregationContext, 'store' | 'work'> & {
  readonly store: Store;
  readonly work: Work;
  readonly aggregationGate: AggregationGate;
  readonly onRestored: (() => void)[];
  readonly parts: { readonly aggregation: LazyModule<{ readonly aggregatorOf: typeof aggregatorOf }> };
};

/**
 * Checks the server of an APIService when the APIService, its Service, or the endpoints of the Service change. A timer
 * starts the periodic checks.
 */
export function followApiServices(context: FollowServersContext): void {
  const { aggregationGate: gate } = context;
  const store: Store = context.store;
  const look = (name: string) =>
    context.work.enqueue(async () => {
      const { aggregatorOf: of } = await context.parts.aggregation.load();
      of(context).look(name);
    });
  store.collection(REGISTRATION.group, REGISTRATION.plural).subscribe(({ stored, previous }) => {
    const isChanged = stored.object.spec !== previous?.object.spec;
    const isOther = isDelegated(stored.object) || (previous !== undefined && isDelegated(previous.object));
    if (isOther && (isChanged || gate.find(...placeIn(stored.key)) === undefined)) look(stored.key);
  });
  const onService = (key: string) => {
    for (const apiService of gate.all()) if (serviceKey(apiService) === key) look(apiService.metadata.name ?? '');
  };
  store.collection('', 'services').subscribe(({ stored }) => {
    if (gate.isOpen) onService(stored.key);
  });
  store.collection('discovery.k8s.io', 'endpointslices').subscribe((event: StoreEvent) => {
    if (!gate.isOpen) return;
    const { namespace = '', labels = {} } = event.stored.object.metadata;
    onService(storeKey(namespace, labels['kubernetes.io/service-name'] ?? ''));
  });
  context.onRestored.push(() => {
    gate.recount();
    for (const { metadata } of gate.all()) look(metadata.name ?? '');
  });
}

/** Returns the group and version in the name of an APIService. */
function placeIn(name: string): [string, string] {
  const dot = name.indexOf('.');
  return [name.slice(dot + 1), name.slice(0, dot)];
}
