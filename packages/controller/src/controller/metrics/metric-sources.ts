import { monotonicMs } from '@typekro/kit/core';
import type { Clock } from '@typekro/kube';
import type { ActingIdentities } from '../acting-identity.ts';
import { readConditions } from '@typekro/engine/runtime';
import type { InstanceDirectory } from '../instance/instance-directory.ts';
import type { Runner } from '../queue/runner.ts';
import type { ServedKinds } from '../served-kinds.ts';
import { type ConditionLabel, type MetricSources, type Reading, gvrText, queueName } from './metrics.ts';

/** The parts of a controller that a scrape reads. */
export interface MeasuredParts {
  readonly clock: Clock;
  readonly identities: ActingIdentities;
  readonly served: ServedKinds;
  readonly instances: InstanceDirectory;
  readonly runners: ReadonlyMap<string, Runner>;
  readonly schemas: () => number;
  readonly revisionStates: () => ReadonlyMap<string, number>;
  /** The value of kro's gate `InstanceConditionMetrics`. */
  readonly conditionMetrics: boolean;
  /** Returns the shards that this replica holds; empty when replicas do not divide the work. */
  readonly shards: () => Iterable<number>;
  /** Returns the number of shards that all replicas hold together; 0 when replicas do not divide the work. */
  readonly allShards: () => number;
}

/** Sources that read the parts of a controller. `parts` is called only at scrapes. */
export function metricSources(parts: () => MeasuredParts): MetricSources {
  const caches = () =>
    parts()
      .identities.all()
      .flatMap((identity) => identity.caches.all());
  return {
    queueLength: () => parts().runners.get('dynamic')?.backlog ?? 0,
    queues: () =>
      [...parts().runners].map(([controller, runner]) => ({
        controller,
        name: queueName(controller),
        concurrency: runner.concurrency,
        depth: runner.backlog,
        adds: runner.adds,
        retries: runner.retries,
        ...runner.underway(monotonicMs()),
      })),
    activeWorkers: () =>
      [...parts().runners].map(([controller, runner]): Reading<'controller'> => [{ controller }, runner.active]),
    watches: () => caches().reduce((sum, { watches }) => sum + watches, 0),
    servedKinds: () => [...parts().served.all()].length,
    handlers: (): Reading<'type'>[] => [
      [{ type: 'parent' }, [...parts().served.all()].length],
      [{ type: 'coordinator' }, caches().length],
    ],
    watchedInstances: () =>
      parts()
        .instances.counts()
        .map(({ type, instances }): Reading<'parent_gvr'> => [{ parent_gvr: gvrText(type) }, instances]),
    watchRequests: () => watchRequests(parts().identities, 'type'),
    engineWatchRequests: () => watchRequests(parts().identities, 'kind'),
    watchOwners: () => parts().instances.size,
    revisions: () => [...parts().revisionStates()].map(([state, count]): Reading<'state'> => [{ state }, count]),
    shards: () => [...parts().shards()].map((shard): Reading<'shard'> => [{ shard: String(shard) }, 1]),
    allShards: () => parts().allShards(),
    schemas: () => parts().schemas(),
    conditions: () => (parts().conditionMetrics ? conditionAges(parts()) : []),
    heldBack: () =>
      [...parts().served.all()].map(({ definition, canary }): Reading<'name'> => [
        { name: definition },
        canary?.heldBack ?? 0,
      ]),
  };
}

/**
 * The watch requests of each kind. They are summed over identities, because the labels of each series must be unique.
 */
function watchRequests<L extends 'type' | 'kind'>(identities: ActingIdentities, label: L): Reading<'gvr' | L>[] {
  const sums = new Map<string, { objects: number; lists: number }>();
  for (const { caches } of identities.all()) {
    for (const { type, objects, lists } of caches.subscriptions()) {
      const gvr = gvrText(type);
      const sum = sums.get(gvr) ?? { objects: 0, lists: 0 };
      sums.set(gvr, { objects: sum.objects + objects, lists: sum.lists + lists });
    }
  }
  const labels = (gvr: string, kind: string) => ({ gvr, [label]: kind }) as Record<'gvr' | L, string>;
  return [...sums].flatMap(([gvr, { objects, lists }]): Reading<'gvr' | L>[] => [
    [labels(gvr, 'scalar'), objects],
    [labels(gvr, 'collection'), lists],
  ]);
}

function conditionAges({ identities, served, clock }: MeasuredParts): Reading<ConditionLabel>[] {
  return [...served.all()].flatMap(({ type }) =>
    [...(identities.own.caches.peek(type)?.values() ?? [])].flatMap(({ object }) => {
      const { namespace = '', name = '' } = object.metadata;
      return readConditions(object.status?.['conditions']).map((condition): Reading<ConditionLabel> => {
        const since = Date.parse(condition.lastTransitionTime ?? '');
        const labels = {
          gvr: gvrText(type),
          namespace,
          name,
          condition_type: condition.type,
          condition_status: condition.status,
          reason: condition.reason ?? '',
        };
        return [labels, Number.isNaN(since) ? 0 : Math.max(0, (clock.now() - since) / 1000)];
      });
    }),
  );
}
