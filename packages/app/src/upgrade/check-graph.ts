import { type LiveGraph, instanceKey, liveGraph } from '@typekro/controller/controller';
import { type KubeObject, refOf } from '@typekro/kit/core';
import { type GraphFeatures, GraphObject, KroLevel } from '@typekro/engine/graph';
import type { LiveSchemas } from '@typekro/kube';
import { readConditions } from '@typekro/engine/runtime';
import { recordedState } from '../instance/observation.ts';
import { instancePlan } from '../plan/instance-plan.ts';
import type { PlanContext } from '../plan/plan-context.ts';
import { simulateGraph } from '../plan/plan-graph.ts';
import { type GraphCheck, type Refusal, type UpgradeOptions, upgradeRefusal, stockFeatures } from './upgrade-check.ts';
import { requireRead } from './instances-of.ts';

/**
 * Lists the Graphs of a cluster, sorted by namespace and name. The list is empty when the kind is not served.
 *
 * @throws TypeKroError `upgrade/not-read` when Graphs could not be read.
 */
export async function graphsOf(planned: PlanContext): Promise<readonly KubeObject[]> {
  const table = await planned.source.loadAll(GraphObject.TYPE);
  requireRead(planned, GraphObject.TYPE);
  return [...table.all()].sort((a, b) => (instanceKey(a) < instanceKey(b) ? -1 : 1));
}

/** Compiles a Graph of a cluster, and simulates the controller's writes to its objects. */
export async function checkGraph(
  planned: PlanContext,
  schemas: LiveSchemas,
  object: KubeObject,
  { settings: { features, graphKind } }: UpgradeOptions,
): Promise<GraphCheck> {
  const { graph, step, problems } = await compiledGraph(planned, schemas, object, features);
  const byKro = (await compiledGraph(planned, schemas, object, stockFeatures(features))).graph !== undefined;
  const conditions = readConditions(object.status?.['conditions']);
  const head = {
    name: instanceKey(object),
    state: recordedState(object).state,
    acceptedBy: [
      ...(byKro ? ['kro 0.10'] : []),
      ...(graph === undefined ? [] : KroLevel.LEVELS.map((level) => `typekro ${level}`)),
    ],
    isRefusedNow: !conditions.some(({ type, status }) => type === 'Accepted' && status === 'True'),
  };
  if (graph === undefined) return { ...head, ...upgradeRefusal(problems) };
  if (graphKind !== true) return { ...head, ...GATE_OFF };
  if (object.metadata.deletionTimestamp !== undefined) return head;
  const result = await simulateGraph(planned, graph, object, step);
  const own = { instance: refOf(object), definition: GraphObject.CRD, action: 'none', fields: [] } as const;
  const plan = instancePlan(own, graph, result);
  return plan.writes.length > 0 || plan.state === 'blocked' ? { ...head, plan } : head;
}

/**
 * Returns the reason why kro 0.10 refuses a Graph, with the gate `GraphKind` and these features. Returns `undefined`
 * when kro accepts the Graph.
 */
export async function kroGraphRefusal(
  planned: PlanContext,
  schemas: LiveSchemas,
  object: KubeObject,
  kro: GraphFeatures,
): Promise<Refusal | undefined> {
  const { graph, problems } = await compiledGraph(planned, schemas, object, kro);
  return graph === undefined ? upgradeRefusal(problems) : undefined;
}

/** Compiles a Graph of a cluster with exactly these features. */
export const compiledGraph = (
  planned: PlanContext,
  schemas: LiveSchemas,
  object: KubeObject,
  features: GraphFeatures,
): Promise<LiveGraph> => liveGraph(planned.api, object, planned.signal, { ...planned.settings, features }, { schemas });

const GATE_OFF: Refusal = {
  refusal:
    'without the gate GraphKind the controller serves no Graphs: this one is not applied, and its deletion does not end',
  hint: 'start the controller with --feature-gates=GraphKind=true, and name the gate in this check, too',
};
