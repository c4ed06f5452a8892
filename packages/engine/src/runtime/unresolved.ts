import { type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { applySetIdOf, inventoryOf, recordedInventory, recordedScope } from './reports/applyset.ts';
import { hasAuthorConditions } from './status/author-conditions.ts';
import { instanceConditions, readConditions } from './conditions.ts';
import { stepDeletion } from './deletion.ts';
import { hasFinalizer } from './reports/finalizer.ts';
import { DEFAULT_VERSION } from './objects/keys.ts';
import type { Decision, StepOptions } from './model.ts';
import type { Observed } from './observed-state.ts';
import { isNowCondition } from './now-sample.ts';
import { REVISION_CONDITION } from './revision-condition.ts';
import { keptWatchHealth } from './status/watch-health.ts';
import { stepGraphDeletion, stepRefusedGraph } from './graph-deletion.ts';

/**
 * The decision for an instance whose definition has no usable revision. The state is ERROR, and GraphResolved is False
 * with the given message, unless the author defines the conditions. Children, projected fields and the author's
 * conditions stay. A deletion of the instance continues, because it needs no definition. Before the first revision of
 * the definition, an instance without the finalizer gets no status, as in kro.
 */
export function stepUnresolved(
  instance: KubeObject,
  failure: string,
  observed: Observed,
  options: StepOptions,
): Decision {
  if (instance.metadata.deletionTimestamp !== undefined) return stepDeletion(instance, observed, options);
  const isUntouched = options.revision === 0 && !hasFinalizer(instance);
  const before: JsonObject = instance.status ?? {};
  const value = { status: 'False', reason: 'ResolutionFailed', message: failure } as const;
  const authored = hasAuthorConditions(undefined, options);
  const conditions = instanceConditions(instance, { GraphResolved: value }, options.now, authored);
  const sampled = readConditions(before['conditions']).filter(
    ({ type }) => isNowCondition(type) || type === REVISION_CONDITION,
  );
  const status: JsonObject = {
    ...before,
    state: 'ERROR',
    ...(authored ? {} : { conditions: [...conditions, ...keptWatchHealth(instance, options), ...sampled] }),
  };
  return {
    parent: {},
    apply: [],
    delete: [],
    read: [],
    watch: [],
    nodes: [],
    state: 'ERROR',
    conditions,
    status,
    statusChanged: !isUntouched && !jsonEquals(status, before),
    statusProblems: [],
    statusNow: options.statusNow ?? options.now,
    finalizer: hasFinalizer(instance) ? 'keep' : 'none',
    inventory: inventoryOf(
      applySetIdOf(instance),
      recordedScope(recordedInventory(instance)),
      options.version ?? DEFAULT_VERSION,
    ),
    quiet: true,
    evaluations: 0,
    equivalences: [],
  };
}

/** The steps that do not visit the nodes of a graph. */
export const SpecialStep = {
  unresolved: stepUnresolved,
  graphDeletion: stepGraphDeletion,
  refusedGraph: stepRefusedGraph,
};
