import { type KubeObject, TypeKroError } from '@typekro/kit/core';
import type { Graph } from '@typekro/engine/graph';
import { readConditions } from '@typekro/engine/runtime';
import { versionedWorld } from '../simulation/virtual-world.ts';
import type { GraphTestBase } from './graph-world.ts';

/** The input of `prepareTests`. */
export interface PrepareInput {
  readonly graph: Graph;
  /** The definition and the definitions whose kinds it uses. */
  readonly definitions: readonly KubeObject[];
  /** The CRDs of kinds that templates use. */
  readonly crds: readonly KubeObject[];
  /** Are workloads simulated? Default: false, so a test itself must write the status of each object. */
  readonly workloads?: boolean;
}

/** The maximum virtual time until the definition is served, in milliseconds. */
const MAX_SERVED_MS = 60_000;

/**
 * Prepares the initial state of a definition's tests: a cluster that serves the definition.
 *
 * @throws TypeKroError `testing/not-served` if the controller does not accept the definition.
 */
export async function prepareTests({
  graph,
  definitions,
  crds,
  workloads = false,
}: PrepareInput): Promise<GraphTestBase> {
  const world = await versionedWorld({ cluster: { workloads } });
  try {
    await world.apply(...crds, ...definitions);
    const ref = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', name: graph.name };
    for (let waited = 0; ; waited += 1000) {
      const live = await world.user.get(ref);
      if (live.status?.['state'] === 'Active') break;
      if (waited >= MAX_SERVED_MS) throw notServed(graph, live);
      await world.advance(1000);
    }
    return { graph, snapshot: world.cluster.snapshot(), workloads };
  } finally {
    await world.close();
  }
}

function notServed(graph: Graph, { status }: KubeObject): TypeKroError {
  const failed = readConditions(status?.['conditions']).find((condition) => condition.status === 'False');
  return new TypeKroError(`the controller does not serve ${graph.name}: ${failed?.message ?? 'no reason is given'}`, {
    code: 'testing/not-served',
    remedy: 'run typekro validate on the file',
  });
}
