import { liveGraph } from '@typekro/controller/controller';
import type { KubeObject } from '@typekro/kit/core';
import { ServedTypes } from '@typekro/sdk/deploy';
import { type Graph, GraphObject } from '@typekro/engine/graph';
import type { SchemaSource } from '@typekro/engine/schema';
import { type InstanceHead, instancePlan, restingPlan, withoutSecretInputs } from './instance-plan.ts';
import type { InstancePlan } from '@typekro/controller/inspect';
import { inputsOfSecrets, secretDefs, secretTexts } from './secret-places.ts';
import type { PlanContext } from './plan-context.ts';
import { afterOf, deletionWithoutGraph, headOf, planWithoutWrites } from './plan-instance.ts';
import type { FileObject } from './plan-objects.ts';
import { simulateAll } from './simulation/simulate-all.ts';
import type { SimulationInput, SimulationResult } from './simulation/simulate.ts';
import { simulationInput } from './snapshot-file.ts';

/**
 * Is the object a Graph, and can the controller serve Graphs? If so, the plan includes the controller's writes for the
 * Graph.
 */
export function isPlannedGraph({ settings }: PlanContext, { desired }: FileObject): boolean {
  return GraphObject.is(desired) && settings.graphKind !== false;
}

/**
 * Plans the Graphs of files: the objects and fields that the controller would write, delete or release. The rights of
 * their ServiceAccounts are not checked.
 *
 * @param declared the kinds that the files declare
 */
export async function planGraphs(
  context: PlanContext,
  files: readonly FileObject[],
  declared: SchemaSource,
): Promise<InstancePlan[]> {
  const plans: InstancePlan[] = [];
  // One after the other, so that the first of several Graphs that want one object gets it, as among instances.
  for (const file of files) plans.push(await planGraph(context, file, declared));
  return plans;
}

async function planGraph(context: PlanContext, file: FileObject, declared: SchemaSource): Promise<InstancePlan> {
  const after = afterOf(context, file);
  const head: InstanceHead = { ...headOf(context, file, undefined, after), definition: GraphObject.CRD };
  const places = secretTexts({ object: after, file: '' }, inputsOfSecrets(after, undefined));
  const resting = planWithoutWrites(context, file, head, (path) => places.has(path));
  if (resting !== undefined) return resting;
  const { graph, step, problems } = await liveGraph(context.api, after, context.signal, context.settings, { declared });
  if (graph === undefined) {
    const because = `the Graph does not compile: ${problems[0]?.message ?? ''}`;
    if (context.operation === 'delete') return deletionWithoutGraph(head, because, 'the status of the Graph records');
    return restingPlan(head, 'blocked', because, 'typekro validate shows all errors with their places');
  }
  const shown = withoutSecretInputs(head, graph, secretDefs(graph, after));
  return instancePlan(shown, graph, await simulateGraph(context, graph, after, step), context.onWrite);
}

/** Simulates a Graph, and looks up the types that its expressions compute. */
export async function simulateGraph(
  context: PlanContext,
  graph: Graph,
  instance: KubeObject,
  step: Omit<SimulationInput['step'], 'kinds' | 'now'>,
): Promise<SimulationResult> {
  const { source, checker, children = checker, owners } = context;
  const types = new ServedTypes(context.api);
  const input = simulationInput(context, graph, instance, { ...step, kinds: types.find });
  for (;;) {
    const results: SimulationResult[] = [];
    await simulateAll([input], source, children, (_index, found) => void results.push(found), owners);
    if (!(await types.lookUp(context.signal))) return results[0] as SimulationResult;
  }
}
