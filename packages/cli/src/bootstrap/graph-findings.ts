import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { isJsonObject, refOf } from '@typekro/kit/core';
import type { KroCompatibility } from '@typekro/engine/graph';
import { GraphObject, KroLevel } from '@typekro/engine/graph';
import type { LiveSchemas } from '@typekro/kube';
import { textAt } from '@typekro/kit/kubernetes';
import { readConditions } from '@typekro/engine/runtime';
import type { PlanContext } from '../plan/plan-context.ts';
import type { ControllerFeatures } from '../upgrade/check-definition.ts';
import { compiledGraph, kroGraphRefusal } from '../upgrade/check-graph.ts';
import { annotationFindings } from './annotation-findings.ts';
import { deploymentGates } from './deployment-gates.ts';
import type { HandBackFinding } from './annotation-findings.ts';
import { meaningFindings } from './meaning-findings.ts';
import type { ControllerDeployment } from './running-controllers.ts';

/** One finding per Deployment of kro that does not have the gate for Graphs. */
export function gateFindings(kros: readonly ControllerDeployment[], graphs: number): HandBackFinding[] {
  return kros.flatMap((kro) => {
    if (deploymentGates(kro).graphKind) return [];
    return [
      {
        object: refOf({ ...kro.object, apiVersion: 'apps/v1', kind: 'Deployment' }),
        problem: 'its flags lack --feature-gates=GraphKind=true',
        effect: `it serves none of the Graphs of the cluster (${graphs}), and does not end their deletion`,
      },
    ];
  });
}

/** The findings about a Graph that a release line of kro refuses or handles differently. */
export async function graphFindings(
  planned: PlanContext,
  schemas: LiveSchemas,
  graph: KubeObject,
  to: KroCompatibility,
  features: ControllerFeatures,
): Promise<HandBackFinding[]> {
  const object = refOf(graph);
  if (!KroLevel.followsGraphEngine(to)) {
    const effect =
      'its objects and fields stay as they are, and its deletion does not end, until a controller serves it';
    return [{ object, problem: `kro ${to} does not know the kind Graph`, effect }];
  }
  const refused = await kroGraphRefusal(planned, schemas, graph, features.kro);
  if (refused !== undefined) {
    const effect = 'its objects and fields stay as they are until it is changed';
    return [{ object, problem: `kro ${to} refuses it: ${refused.refusal}`, effect }, ...annotationFindings(graph)];
  }
  const own = await compiledGraph(planned, schemas, graph, features.own);
  return [
    ...(own.graph === undefined ? [] : meaningFindings(graph, own.graph)),
    ...repeatedDefs(graph).map((node) => ({
      object,
      problem: `kro ${to} publishes the last element of the def node "${node}" in place of every element, because the elements do not differ in metadata.name`,
      effect: 'the nodes that read it get wrong values; give each element its own metadata.name',
    })),
    ...waitingPatches(graph).map((message) => ({
      object,
      problem: `while a patch waits, kro ${to} rewrites the status without a pause: ${message}`,
      effect: 'the API server gets many writes',
    })),
    ...annotationFindings(graph),
  ];
}

/** The paths of the `def` nodes with `forEach` whose elements do not differ in `metadata.name`. */
function repeatedDefs(graph: KubeObject): string[] {
  return [...GraphObject.nodesOf(graph)].flatMap(({ node: { def, forEach }, path }) =>
    isJsonObject(def) && Array.isArray(forEach) && !hasOwnNames(def) ? [path] : [],
  );
}

const hasOwnNames = (def: JsonObject): boolean => textAt(def, 'metadata', 'name').includes('${');

/**
 * Returns a list with the message of the condition `ResourcesConverged` if it reports a waiting patch node; otherwise
 * an empty list.
 */
function waitingPatches({ status }: KubeObject): string[] {
  const found = readConditions(status?.['conditions']).find(
    ({ type, status: value }) => type === 'ResourcesConverged' && value === 'False',
  );
  const message = found?.message ?? '';
  return WAITING_PATCH.test(message) ? [message] : [];
}

/** Matches the message about a patch node that waits for its target or for another field manager. */
const WAITING_PATCH = /^apply "[^"]*" \(patch\): .*node not ready/;
