import type { ObjectType } from '../../runtime/index.ts';
import { Metric } from './registry.ts';

/** Values that are known elsewhere and asked for when metrics are read. */
export interface MetricSources {
  readonly queueLength: () => number;
  readonly watches: () => number;
  readonly servedKinds: () => number;
  /** Instances that a revision is held back from, by definition. */
  readonly heldBack: () => Iterable<readonly [name: string, instances: number]>;
}

/** The metrics of the controller: kro's names and labels, and ours with the prefix `typekro_`. */
export interface ControllerMetrics {
  readonly all: readonly Metric[];
  readonly reconcileTotal: Metric;
  readonly reconcileSeconds: Metric;
  readonly requeueTotal: Metric;
  readonly handlerErrors: Metric;
  readonly instanceReconcileTotal: Metric;
  readonly instanceReconcileSeconds: Metric;
  readonly instanceErrors: Metric;
  readonly instanceTransitions: Metric;
  readonly definitionBuilds: Metric;
  readonly definitionBuildErrors: Metric;
  readonly definitionTransitions: Metric;
  readonly definitionDeletions: Metric;
  readonly revisionsIssued: Metric;
  readonly writes: Metric;
  readonly drift: Metric;
  readonly blockedDeletions: Metric;
  readonly contestedObjects: Metric;
  readonly heldDefinitions: Metric;
  readonly adopted: Metric;
  readonly orphaned: Metric;
  readonly panics: Metric;
  readonly definitionDeletionSeconds: Metric;
}

/** Makes the metrics of one controller. */
export function createMetrics(sources: MetricSources): ControllerMetrics {
  const one = (ask: () => number) => ({ collect: () => [[{}, ask()] as const] });
  const metrics = {
    reconcileTotal: new Metric('dynamic_controller_reconcile_total', 'counter', 'Passes over instances.'),
    reconcileSeconds: new Metric('dynamic_controller_reconcile_duration_seconds', 'histogram', 'Duration of passes.'),
    requeueTotal: new Metric('dynamic_controller_requeue_total', 'counter', 'How passes came back.'),
    handlerErrors: new Metric('dynamic_controller_handler_errors_total', 'counter', 'Passes that failed.'),
    queueLength: new Metric('dynamic_controller_queue_length', 'gauge', 'Instances due.', one(sources.queueLength)),
    kinds: new Metric('dynamic_controller_gvr_count', 'gauge', 'Kinds of instances served.', one(sources.servedKinds)),
    watches: new Metric('dynamic_controller_watch_count', 'gauge', 'Watches open.', one(sources.watches)),
    instanceReconcileTotal: new Metric('instance_reconcile_total', 'counter', 'Passes over instances.'),
    instanceReconcileSeconds: new Metric('instance_reconcile_duration_seconds', 'histogram', 'Duration of passes.'),
    instanceErrors: new Metric('instance_reconcile_errors_total', 'counter', 'Passes that failed.'),
    instanceTransitions: new Metric('instance_state_transitions_total', 'counter', 'Changes of state.'),
    definitionBuilds: new Metric('rgd_graph_build_total', 'counter', 'Graphs built.'),
    definitionBuildErrors: new Metric('rgd_graph_build_errors_total', 'counter', 'Specs that were refused.'),
    definitionTransitions: new Metric('rgd_state_transitions_total', 'counter', 'Changes of state.'),
    definitionDeletions: new Metric('rgd_deletions_total', 'counter', 'Definitions let go.'),
    revisionsIssued: new Metric('rgd_graph_revision_issue_total', 'counter', 'Revisions issued.'),
    writes: new Metric('typekro_child_writes_total', 'counter', 'Writes of children, and why.'),
    drift: new Metric('typekro_drift_corrected_total', 'counter', 'Children put back after somebody changed them.'),
    blockedDeletions: new Metric('typekro_blocked_deletions', 'gauge', 'Objects whose finalizers hold an instance.'),
    contestedObjects: new Metric('typekro_contested_objects', 'gauge', 'Children of which fields are fought over.'),
    heldBack: new Metric('typekro_canary_held_instances', 'gauge', 'Instances that the newest revision is kept from.', {
      collect: () => [...sources.heldBack()].map(([name, count]) => [{ name }, count] as const),
    }),
    heldDefinitions: new Metric('typekro_definition_deletion_waits', 'gauge', 'Instances that a definition waits for.'),
    adopted: new Metric('typekro_adopted_total', 'counter', 'Existing objects that became children.'),
    orphaned: new Metric('typekro_orphaned_instances_total', 'counter', 'Instances left when their definition went.'),
    panics: new Metric(
      'dynamic_controller_reconcile_panics_total',
      'counter',
      'Passes that failed by a mistake of ours.',
    ),
    definitionDeletionSeconds: new Metric('rgd_deletion_duration_seconds', 'histogram', 'From the wish to the end.'),
  };
  return { all: Object.values(metrics), ...metrics };
}

/** `group/version, Resource=plural`: how kro writes a type in most labels. */
export function gvrText(type: ObjectType): string {
  return `${type.group}/${type.version}, Resource=${type.plural}`;
}

/** `group/version, Kind=kind`: how kro writes a type in the labels of changes of state. */
export function gvkText(type: ObjectType): string {
  return `${type.group}/${type.version}, Kind=${type.kind}`;
}

/** `group/version/resource`: how kro writes a type in the labels of passes. */
export function gvrPath(type: ObjectType): string {
  return `${type.group}/${type.version}/${type.plural}`;
}
