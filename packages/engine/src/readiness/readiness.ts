import { type KubeObject, gvkOf, withGroup } from '@typekro/kit/core';
import { type StatusCondition, numberAt, objectsAt, statusCondition } from '@typekro/kit/kubernetes';
import { KIND_TABLE } from './kind-table.ts';
import { graphInstance, isGraphInstance } from './kinds/graphs.ts';
import type { Readiness } from './verdict.ts';
import { current, failed, inProgress, describeCondition, staleVerdict, terminating } from './verdict.ts';
import type { Schema } from '../schema/index.ts';

/**
 * The report fields that a custom kind's schema declares. In these fields the kind's controller reports that it has
 * observed an object.
 */
export interface StatusReport {
  /** Does the schema declare `status.conditions` as a list of conditions? */
  readonly conditions: boolean;
  /** Does the schema declare `status.observedGeneration` as an integer? */
  readonly observedGeneration: boolean;
}

const own = (schema: Schema | undefined, name: string): Schema | undefined =>
  schema?.properties !== undefined && Object.hasOwn(schema.properties, name) ? schema.properties[name] : undefined;

/**
 * Conditions that sum up the state of a custom resource. If an object has several of these conditions, the first one in
 * this list decides.
 */
export const SUMMARY_CONDITIONS: readonly string[] = [
  'Ready',
  'Available',
  'Healthy',
  'Succeeded',
  'Complete',
  'Completed',
  'Synced',
  'ACK.ResourceSynced',
];

/**
 * Is an object ready, and if not, why? The first rule that applies decides:
 *
 * 1. An object that is being deleted is not ready. An object that no controller reconciles is ready.
 * 2. An object is not ready if its controller has not observed the newest generation (`status.observedGeneration`).
 * 3. The conditions that every controller may set: `Stalled` is a failure, `Reconciling` is work in progress. Here and
 *    in rule 5, a condition of an earlier generation does not count as a failure: the controller has not observed the
 *    change.
 * 4. The rule of its kind, for built-in kinds, definitions and instances of graphs, Gateway API and some projects.
 * 5. The condition `Failed`; if the object does not have it, a condition that sums up the object (`Ready`, `Available`,
 *    …).
 * 6. An object is not ready if it lacks `status.observedGeneration` or `status.conditions`, and its kind's schema
 *    declares that field (`report`): its controller has not observed it yet.
 * 7. Any other object is ready as soon as it exists.
 *
 * The function is pure. It reads only the type, `metadata`, `spec` and `status` of the object, and `subsets` of
 * Endpoints.
 */
export function readinessOf(object: KubeObject, report?: StatusReport): Readiness {
  const { deletionTimestamp, finalizers = [], generation } = object.metadata;
  if (deletionTimestamp !== undefined) {
    const suffix = finalizers.length === 0 ? '' : `; held by finalizers ${finalizers.join(', ')}`;
    return terminating(`being deleted since ${deletionTimestamp}${suffix}`);
  }
  const { group, kind } = gvkOf(object);
  const rule = KIND_TABLE.get(withGroup(kind, group));
  if (rule?.unattended?.(object) === true) return current();
  const observed = numberAt(object, 'status', 'observedGeneration');
  if (generation !== undefined && observed !== undefined && observed < generation) {
    return inProgress(
      'NotObserved',
      `its controller has not observed generation ${generation} yet (last: ${observed})`,
    );
  }
  if (rule?.observed === true && generation !== undefined && observed === undefined) {
    return inProgress('NotObserved', 'its controller has not observed it yet');
  }
  const stalled = statusCondition(object, 'Stalled');
  if (stalled?.status === 'True') return lastingFailure(object, 'Stalled', stalled);
  const reconciling = statusCondition(object, 'Reconciling');
  if (reconciling?.status === 'True')
    return inProgress(reconciling.reason || 'Reconciling', describeCondition('Reconciling', reconciling));
  if (rule !== undefined) return rule.judge(object);
  return isGraphInstance(object) ? graphInstance(object) : bySummary(object, report);
}

/**
 * The verdict for a problem condition that is True. A condition of an earlier generation is not a failure, because the
 * change of the spec may have ended the failure.
 */
function lastingFailure(object: KubeObject, type: string, condition: StatusCondition): Readiness {
  const stale = staleVerdict(object, type, condition);
  return stale ?? failed(condition.reason || type, describeCondition(type, condition));
}

/** Rules 5 to 7, for custom resources. */
function bySummary(object: KubeObject, report: StatusReport | undefined): Readiness {
  const failure = statusCondition(object, 'Failed');
  if (failure?.status === 'True') return lastingFailure(object, 'Failed', failure);
  for (const type of SUMMARY_CONDITIONS) {
    const found = statusCondition(object, type);
    if (found === undefined) continue;
    const stale = staleVerdict(object, type, found);
    if (stale !== undefined) return stale;
    return found.status === 'True'
      ? current(found.reason || type)
      : inProgress(found.reason || 'NotReady', describeCondition(type, found));
  }
  if (report?.observedGeneration === true && numberAt(object, 'status', 'observedGeneration') === undefined) {
    return inProgress('NotObserved', 'its controller has not observed it yet: no status.observedGeneration');
  }
  if (report?.conditions === true && objectsAt(object, 'status', 'conditions').length === 0) {
    return inProgress('NotObserved', 'its controller has not observed it yet: no status.conditions');
  }
  return current();
}

/** The report fields that the schema of a kind declares; undefined when it declares neither. */
export function statusReport(schema: Schema | undefined): StatusReport | undefined {
  const status = own(schema, 'status');
  const condition = own(status, 'conditions')?.items;
  const conditions = own(condition, 'type') !== undefined && own(condition, 'status') !== undefined;
  // Some projects declare the field as a string, which cannot be compared with the generation.
  const observedGeneration = own(status, 'observedGeneration')?.type === 'integer';
  return conditions || observedGeneration ? { conditions, observedGeneration } : undefined;
}

/** The readiness that the status of an object reports. */
export const StatusReport = { of: statusReport, SUMMARY_CONDITIONS };
