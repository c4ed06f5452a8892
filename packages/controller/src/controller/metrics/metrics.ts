import type { ObjectType } from '@typekro/engine/runtime';
import { type MetricLabels, Metric } from './exposition.ts';

/** The labels and the value of a series at the time of the scrape. */
export type Reading<L extends string> = readonly [MetricLabels<L>, number];

/** The values of a queue at the time of the scrape. */
export interface QueueReading {
  readonly controller: string;
  readonly name: string;
  readonly concurrency: number;
  readonly depth: number;
  readonly adds: number;
  readonly retries: number;
  readonly unfinishedSeconds: number;
  readonly longestSeconds: number;
}

/** The labels of the metrics of queues. The value of both labels is the name of the queue, as in controllers in Go. */
const QUEUE_LABELS = ['name', 'controller'] as const;
type QueueLabel = (typeof QUEUE_LABELS)[number];

const CONDITION_LABELS = ['gvr', 'namespace', 'name', 'condition_type', 'condition_status', 'reason'] as const;
/** The labels of the metric that has the ages of conditions. */
export type ConditionLabel = (typeof CONDITION_LABELS)[number];

/** Functions that return current values at the time of the scrape. */
export interface MetricSources {
  readonly queueLength: () => number;
  readonly queues: () => Iterable<QueueReading>;
  readonly activeWorkers: () => Iterable<Reading<'controller'>>;
  readonly watches: () => number;
  readonly servedKinds: () => number;
  readonly handlers: () => Iterable<Reading<'type'>>;
  readonly watchedInstances: () => Iterable<Reading<'parent_gvr'>>;
  readonly watchRequests: () => Iterable<Reading<'gvr' | 'type'>>;
  /** The same values as `watchRequests`, with the label that kro 0.10 uses. */
  readonly engineWatchRequests: () => Iterable<Reading<'gvr' | 'kind'>>;
  /** The number of instances and Graphs with watches. */
  readonly watchOwners: () => number;
  readonly revisions: () => Iterable<Reading<'state'>>;
  readonly schemas: () => number;
  readonly conditions: () => Iterable<Reading<ConditionLabel>>;
  /** For each definition, the number of instances that do not get the newest revision yet. */
  readonly heldBack: () => Iterable<Reading<'name'>>;
  readonly shards: () => Iterable<Reading<'shard'>>;
  readonly allShards: () => number;
}

/**
 * The metrics of the controller. They have kro's names and labels; the metrics that kro does not have begin with
 * `typekro_`.
 */
export type ControllerMetrics = ReturnType<typeof createMetrics>;

/** Upper bounds of histograms: `BYTES` for sizes, and `ITEMS` for the numbers of items in collections. */
const BYTES = [64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216];
const ITEMS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/** Sources for tests and docs: they have no series, and all values are zero. */
const NO_SOURCES: MetricSources = {
  queueLength: () => 0,
  queues: () => [],
  activeWorkers: () => [],
  watches: () => 0,
  servedKinds: () => 0,
  handlers: () => [],
  watchedInstances: () => [],
  watchRequests: () => [],
  engineWatchRequests: () => [],
  watchOwners: () => 0,
  revisions: () => [],
  schemas: () => 0,
  conditions: () => [],
  heldBack: () => [],
  shards: () => [],
  allShards: () => 0,
};

/** Makes the metrics of one controller. */
export function createMetrics(sources: MetricSources = NO_SOURCES) {
  const counter = <const L extends string>(name: string, help: string, labels: readonly L[]) =>
    new Metric(name, 'counter', help, { labels });
  const seconds = <const L extends string>(name: string, help: string, labels: readonly L[]) =>
    new Metric(name, 'histogram', help, { labels });
  const bareCounter = (name: string, help: string) => new Metric(name, 'counter', help, { labels: [], bare: true });
  const bareSeconds = (name: string, help: string) => new Metric(name, 'histogram', help, { labels: [], bare: true });
  const gauge = <const L extends string>(
    name: string,
    help: string,
    labels: readonly L[],
    collect?: () => Iterable<Reading<L>>,
  ) => new Metric(name, 'gauge', help, { labels, ...(collect === undefined ? {} : { collect }) });
  const one = (read: () => number) => (): Reading<never>[] => [[{}, read()]];
  const metrics = {
    ...dynamicMetrics(),
    ...engineMetrics(),
    ...instanceMetrics(),
    ...definitionMetrics(),
    ...runtimeMetrics(),
    ...clientMetrics(),
    ...queueMetrics(),
    ...ownMetrics(),
  };
  return { all: Object.values(metrics), ...metrics };

  function dynamicMetrics() {
    const name = (text: string) => `dynamic_controller_${text}`;
    return {
      reconcileTotal: counter(name('reconcile_total'), 'Passes over instances.', ['gvr']),
      reconcileSeconds: seconds(name('reconcile_duration_seconds'), 'Duration of passes.', ['gvr']),
      requeueTotal: counter(
        name('requeue_total'),
        'Passes, by the time of the next pass over the instance: no_requeue, requeue, requeue_after or rate_limited.',
        ['gvr', 'type'],
      ),
      handlerErrors: counter(name('handler_errors_total'), 'Passes that failed.', ['gvr']),
      panics: counter(name('reconcile_panics_total'), 'Passes that failed with an internal error.', ['gvr']),
      queueLength: gauge(name('queue_length'), 'Instances due.', [], one(sources.queueLength)),
      kinds: gauge(name('gvr_count'), 'Kinds of instances served.', [], one(sources.servedKinds)),
      handlers: gauge(
        name('handler_count_total'),
        'Kinds of instances, and kinds of children.',
        ['type'],
        sources.handlers,
      ),
      handlersAttached: counter(name('handler_attach_total'), 'Kinds whose watch was opened.', ['type']),
      handlersDetached: counter(name('handler_detach_total'), 'Kinds whose watch was closed.', ['type']),
      syncSeconds: seconds(
        name('informer_sync_duration_seconds'),
        'Time from the start of a watch to its complete list.',
        ['gvr'],
      ),
      parentEvents: counter(name('informer_events_total'), 'Changes of instances.', ['gvr', 'event_type']),
      watches: gauge(name('watch_count'), 'Open watches.', [], one(sources.watches)),
      watchedInstances: gauge(
        name('instance_watch_count'),
        'Instances that the controller knows, by kind.',
        ['parent_gvr'],
        sources.watchedInstances,
      ),
      watchRequests: gauge(
        name('watch_request_count'),
        'Watches that instances request.',
        ['gvr', 'type'],
        sources.watchRequests,
      ),
      routed: counter(name('route_total'), 'Changes of watched kinds.', ['gvr']),
      routeMatches: counter(name('route_match_total'), 'Instances that were notified of a change.', ['gvr']),
    };
  }

  /** The metrics of kro 0.10, which runs instances and Graphs on one engine. */
  function engineMetrics() {
    const name = (text: string) => `graphengine_${text}`;
    return {
      watchOwners: gauge(name('watch_owner_count'), 'Instances and Graphs with watches.', [], one(sources.watchOwners)),
      engineWatchRequests: gauge(
        name('watch_request_count'),
        'Watches that instances and Graphs request.',
        ['gvr', 'kind'],
        sources.engineWatchRequests,
      ),
      engineRouted: counter(name('route_total'), 'Changes of watched kinds.', ['gvr']),
      engineRouteMatches: counter(name('route_match_total'), 'Instances and Graphs that were notified of a change.', [
        'gvr',
      ]),
    };
  }

  function instanceMetrics() {
    return {
      instanceReconcileTotal: counter('instance_reconcile_total', 'Passes over instances.', ['gvr']),
      instanceReconcileSeconds: seconds('instance_reconcile_duration_seconds', 'Duration of passes.', ['gvr']),
      instanceErrors: counter('instance_reconcile_errors_total', 'Passes that ended with an error.', ['gvr']),
      instanceTransitions: counter('instance_state_transitions_total', 'Changes of the state of instances.', [
        'gvr',
        'from_state',
        'to_state',
      ]),
      graphSuccess: counter('instance_graph_resolution_success_total', 'Passes that had a graph.', ['gvr']),
      graphPending: counter(
        'instance_graph_resolution_pending_total',
        'Passes that wait for the roll-out to decide which revision an instance follows.',
        ['gvr'],
      ),
      graphFailures: counter('instance_graph_resolution_failures_total', 'Passes without a usable graph.', [
        'gvr',
        'reason',
      ]),
      conditions: gauge(
        'instance_condition_current_status_seconds',
        'Time since the last transition of a condition.',
        CONDITION_LABELS,
        sources.conditions,
      ),
    };
  }

  function definitionMetrics() {
    return {
      definitionBuilds: counter('rgd_graph_build_total', 'Attempts to build a graph.', ['name']),
      definitionBuildSeconds: seconds('rgd_graph_build_duration_seconds', 'Duration of building a graph.', ['name']),
      definitionBuildErrors: counter('rgd_graph_build_errors_total', 'Specs with errors.', ['name']),
      definitionTransitions: counter('rgd_state_transitions_total', 'Changes of the state of definitions.', [
        'name',
        'from',
        'to',
      ]),
      definitionDeletions: counter('rgd_deletions_total', 'Deleted definitions whose finalizer was removed.', ['name']),
      definitionDeletionSeconds: seconds(
        'rgd_deletion_duration_seconds',
        'Time from the request to delete a definition to the removal of its finalizer.',
        ['name'],
      ),
      revisionsIssued: counter('rgd_graph_revision_issue_total', 'Revisions issued.', ['reason']),
      revisionWaits: counter(
        'rgd_graph_revision_wait_total',
        'Passes over definitions that wait until a CRD is established.',
        ['reason'],
      ),
      revisionResolutions: counter(
        'rgd_graph_revision_resolution_total',
        'Passes over definitions, by their decision about the revision: serve, issue, wait or failed.',
        ['result'],
      ),
      registryMisses: counter('rgd_graph_revision_registry_miss_total', 'Pins to a revision that is not usable.', [
        'reason',
      ]),
      revisionsRetired: bareCounter('rgd_graph_revision_gc_deleted_total', 'Old revisions deleted.'),
      retireErrors: bareCounter('rgd_graph_revision_gc_errors_total', 'Old revisions that could not be deleted.'),
      compilations: counter('graph_revision_compile_total', 'Attempts to compile a spec.', ['result']),
      compileSeconds: seconds('graph_revision_compile_duration_seconds', 'Duration of compiling a spec.', ['result']),
      revisionStatusErrors: bareCounter(
        'graph_revision_status_update_errors_total',
        'Statuses of revisions that could not be written.',
      ),
      activationsDeferred: bareCounter(
        'graph_revision_activation_deferred_total',
        'Always 0: declared for the dashboards of kro.',
      ),
      finalizerEvictions: bareCounter(
        'graph_revision_finalizer_evictions_total',
        'Deleted revisions whose finalizer was removed.',
      ),
      registryEntries: gauge('graph_revision_registry_entries', 'Revisions by state.', ['state'], sources.revisions),
      registryTransitions: counter('graph_revision_registry_transitions_total', 'Changes of the state of revisions.', [
        'from',
        'to',
      ]),
      registryEvictions: bareCounter('graph_revision_registry_evictions_total', 'Revisions forgotten.'),
    };
  }

  function runtimeMetrics() {
    return {
      nodeEvaluations: bareCounter('runtime_node_eval_total', 'Evaluations of nodes.'),
      nodeSeconds: bareSeconds(
        'runtime_node_eval_duration_seconds',
        'Duration of a step divided by the number of its nodes, observed once for each node.',
      ),
      nodeErrors: bareCounter('runtime_node_eval_errors_total', 'Nodes with an expression that failed.'),
      creations: bareCounter('runtime_creation_total', 'Steps decided.'),
      creationSeconds: bareSeconds('runtime_creation_duration_seconds', 'Duration of deciding a step.'),
      ignoredChecks: bareCounter('runtime_node_ignored_check_total', 'Decisions whether a node is left out.'),
      ignored: bareCounter('runtime_node_ignored_total', 'Nodes left out.'),
      readyChecks: bareCounter('runtime_node_ready_check_total', 'Decisions whether a node is ready.'),
      notReady: bareCounter('runtime_node_not_ready_total', 'Nodes that were not ready.'),
      collectionSize: new Metric('runtime_collection_size', 'histogram', 'Items of collections.', {
        labels: [],
        bounds: ITEMS,
        bare: true,
      }),
      expressions: bareCounter('cel_expr_eval_total', 'Expressions evaluated.'),
      expressionSeconds: bareSeconds(
        'cel_expr_eval_duration_seconds',
        'Duration of a step divided by the number of its expressions, observed once for each expression.',
      ),
    };
  }

  function clientMetrics() {
    const bytes = <const L extends string>(name: string, help: string, labels: readonly L[]) =>
      new Metric(name, 'histogram', help, { labels, bounds: BYTES });
    return {
      schemaHits: bareCounter('schema_resolver_cache_hits_total', 'Reads of schemas from the cache.'),
      schemaMisses: bareCounter(
        'schema_resolver_cache_misses_total',
        'Reads of schemas from the API server, failed ones included.',
      ),
      schemas: gauge('schema_resolver_cache_size', 'Schemas in the cache.', [], one(sources.schemas)),
      schemaEvictions: bareCounter(
        'schema_resolver_cache_evictions_total',
        'Schemas dropped because their kind changed.',
      ),
      schemaSeconds: bareSeconds('schema_resolver_api_call_duration_seconds', 'Duration of reading a schema.'),
      schemaShared: bareCounter(
        'schema_resolver_singleflight_deduplicated_total',
        'Callers that joined a running read of a schema.',
      ),
      schemaErrors: bareCounter('schema_resolver_errors_total', 'Schemas that could not be read.'),
      requests: counter('rest_client_requests_total', 'Requests by verb and status.', ['code', 'method']),
      requestSeconds: seconds('rest_client_request_duration_seconds', 'Time from a request to its response.', ['verb']),
      limiterSeconds: seconds(
        'rest_client_rate_limiter_duration_seconds',
        'Time that requests waited for the rate limit.',
        ['verb'],
      ),
      requestBytes: bytes('rest_client_request_size_bytes', 'Bytes of request bodies.', ['verb']),
      responseBytes: bytes('rest_client_response_size_bytes', 'Bytes of responses that were read completely.', [
        'verb',
      ]),
      requestRetries: counter('rest_client_request_retries_total', 'Requests sent again.', ['code', 'method']),
      passes: counter('controller_runtime_reconcile_total', 'Passes by controller and result.', [
        'controller',
        'result',
      ]),
      passSeconds: seconds('controller_runtime_reconcile_time_seconds', 'Duration of passes.', ['controller']),
      passErrors: counter('controller_runtime_reconcile_errors_total', 'Passes that failed.', ['controller']),
      activeWorkers: gauge(
        'controller_runtime_active_workers',
        'Running passes.',
        ['controller'],
        sources.activeWorkers,
      ),
    };
  }

  /** The metrics of work queues, as controllers in Go have them. */
  function queueMetrics() {
    const name = (text: string) => `workqueue_${text}`;
    const each = (read: (queue: QueueReading) => number) => (): Reading<QueueLabel>[] =>
      [...sources.queues()].map((queue) => [queueLabels(queue.name), read(queue)]);
    const summed = (text: string, help: string, read: (queue: QueueReading) => number) =>
      new Metric(name(text), 'counter', help, { labels: QUEUE_LABELS, collect: each(read) });
    return {
      mostWorkers: gauge(
        'controller_runtime_max_concurrent_reconciles',
        'The maximum number of passes at the same time.',
        ['controller'],
        () =>
          [...sources.queues()].map(({ controller, concurrency }): Reading<'controller'> => [
            { controller },
            concurrency,
          ]),
      ),
      queueDepth: gauge(
        name('depth'),
        'Keys due.',
        QUEUE_LABELS,
        each(({ depth }) => depth),
      ),
      queueAdds: summed('adds_total', 'Keys that became due.', ({ adds }) => adds),
      queueRetries: summed('retries_total', 'Keys that were put back after a failure.', ({ retries }) => retries),
      queueSeconds: seconds(name('queue_duration_seconds'), 'Time that keys waited for a free worker.', QUEUE_LABELS),
      workSeconds: seconds(name('work_duration_seconds'), 'Duration of passes.', QUEUE_LABELS),
      unfinishedSeconds: gauge(
        name('unfinished_work_seconds'),
        'Sum of the times that the running passes have taken.',
        QUEUE_LABELS,
        each(({ unfinishedSeconds }) => unfinishedSeconds),
      ),
      longestSeconds: gauge(
        name('longest_running_processor_seconds'),
        'Time that the oldest running pass has taken.',
        QUEUE_LABELS,
        each(({ longestSeconds }) => longestSeconds),
      ),
    };
  }

  function ownMetrics() {
    return {
      writes: counter('typekro_child_writes_total', 'Writes of children, by outcome and reason.', ['outcome', 'why']),
      drift: counter('typekro_drift_corrected_total', 'Children corrected after a change by another client.', ['gvr']),
      blockedDeletions: gauge(
        'typekro_blocked_deletions',
        'Obstacles to deletions: objects with finalizers, kinds that may not be listed, refused deletes.',
        ['gvr'],
      ),
      contestedObjects: gauge('typekro_contested_objects', 'Children with contested fields.', ['gvr']),
      heldDefinitions: gauge(
        'typekro_definition_deletion_waits',
        'Instances that still exist, for which the deletion of their definition waits.',
        ['name'],
      ),
      heldBack: gauge(
        'typekro_canary_held_instances',
        'Instances from which the newest revision is held back.',
        ['name'],
        sources.heldBack,
      ),
      adopted: counter('typekro_adopted_total', 'Existing objects that became children.', ['gvr']),
      allShards: gauge(
        'typekro_shards',
        'Shards into which the replicas divide the definitions; 0 when one replica leads.',
        [],
        one(sources.allShards),
      ),
      shards: gauge('typekro_shard_held', 'Shards that this replica works on.', ['shard'], sources.shards),
      orphaned: bareCounter('typekro_orphaned_instances_total', 'Instances that exist after their definition is gone.'),
    };
  }
}

/** The name that kro gives to a controller's queue. */
export function queueName(controller: string): string {
  return controller === 'dynamic' ? 'dynamic-controller-queue' : controller;
}

/** The labels of a queue's metrics. */
export function queueLabels(name: string): MetricLabels<QueueLabel> {
  return { name, controller: name };
}

/** `group/version, Resource=plural`: kro's form of a type in most labels. */
export function gvrText(type: ObjectType): string {
  return `${type.group}/${type.version}, Resource=${type.plural}`;
}

/** `group/version, Kind=kind`: kro's form of a type in the labels of state transitions. */
export function gvkText(type: ObjectType): string {
  return `${type.group}/${type.version}, Kind=${type.kind}`;
}

/** `group/version/resource`: kro's form of a type in the labels of passes. */
export function gvrPath(type: ObjectType): string {
  return `${type.group}/${type.version}/${type.plural}`;
}

/** Metrics of the process. They are exposed even while no controller runs in it. */
export function createProcessMetrics(leads: () => Iterable<Reading<'name'>> = () => []): Metric[] {
  const of = (name: string, type: 'counter' | 'gauge', help: string, read: () => number) =>
    new Metric(name, type, help, { labels: [], collect: () => [[{}, read()]] });
  const startedAt = Date.now() / 1000 - process.uptime();
  return [
    new Metric('leader_election_master_status', 'gauge', '1 if this replica holds the Lease, otherwise 0.', {
      labels: ['name'],
      collect: leads,
    }),
    of('process_cpu_seconds_total', 'counter', 'Processor time of the process.', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    }),
    of('process_resident_memory_bytes', 'gauge', 'Resident memory of the process.', () => process.memoryUsage.rss()),
    of('process_start_time_seconds', 'gauge', 'Start time of the process, in seconds since 1970.', () => startedAt),
  ];
}
