import { type FeatureGates, DEFINITION_TYPE, compileFeatures, readFeatureGates } from '@typekro/controller/controller';
import { type JsonObject, type KubeObject, isJsonObject, refOf } from '@typekro/kit/core';
import { type GraphFeatures, type KroCompatibility, GraphObject, KroLevel } from '@typekro/engine/graph';
import { LiveSchemas } from '@typekro/kube';
import type { PlanContext } from '@typekro/app/plan';
import {
  type ControllerFeatures,
  compareControllers,
  compiledGraph,
  graphsOf,
  kroGraphRefusal,
  requireRead,
  stockFeatures,
  upgradedInstances,
} from '@typekro/app/upgrade';
import { type HandBackFinding, annotationFindings } from './annotation-findings.ts';
import { versionFindings } from './version-findings.ts';
import { meaningFindings, recordFindings } from './meaning-findings.ts';
import type { ControllerDeployment } from '@typekro/app/controllers';
import { textAt } from '@typekro/kit/kubernetes';
import { readConditions } from '@typekro/engine/runtime';
import { flagTexts } from './controller-arguments.ts';

/** The controllers of a hand-back, in which kro's controller replaces TypeKro's controller. */
export interface HandBackControllers {
  /**
   * TypeKro's controller. Its gates determine how definitions are interpreted now. If absent, all gates count as off.
   */
  readonly own?: ControllerDeployment | undefined;
  /** kro's controllers in the cluster. Their gates determine which definitions kro accepts. */
  readonly kros?: readonly ControllerDeployment[];
  /** TypeKro's controllers that run after the hand-back, because the command stops only `own`. */
  readonly others?: readonly ControllerDeployment[];
}

/**
 * Finds the definitions and Graphs that kro's controller refuses or handles differently, and the annotations that only
 * TypeKro's controller obeys. A failed read of anything except definitions, instances and Graphs is a finding, too.
 *
 * @throws TypeKroError `upgrade/not-read` when definitions, instances or Graphs could not be read.
 */
export async function handBackFindings(
  planned: PlanContext,
  to: KroCompatibility,
  { own, kros = [], others = [] }: HandBackControllers = {},
): Promise<HandBackFinding[]> {
  requireRead(planned, DEFINITION_TYPE);
  const schemas = new LiveSchemas(planned.api);
  const { definitions, crds } = planned.basics;
  const features = { own: own === undefined ? {} : compileFeatures(deploymentGates(own)), kro: kroFeatures(kros) };
  const gates = kros.length === 0 ? 'default feature gates' : 'feature gates';
  const findings: HandBackFinding[] = others.map(runningFinding);
  for (const definition of definitions) {
    const { refused, graph } = await compareControllers(planned, schemas, definition, to, features);
    if (refused !== undefined) {
      const { refusal, acceptedBy } = refused;
      const others = acceptedBy.length === 0 ? 'no controller accepts it' : `accepted by ${acceptedBy.join(', ')}`;
      findings.push({
        object: refOf(definition),
        problem: `kro ${to} refuses it with its ${gates}: ${refusal} (${others})`,
        effect: 'kro works on none of its instances until it is changed',
      });
    }
    findings.push(
      ...(graph === undefined ? [] : meaningFindings(definition, graph, features.kro)),
      ...annotationFindings(definition),
    );
    const instances = await upgradedInstances(planned, definition);
    if (graph !== undefined) {
      const live = crds.find(({ metadata }) => metadata.name === graph.instance.crd.metadata.name);
      findings.push(...versionFindings(definition, graph, live, instances));
    }
    for (const instance of instances) {
      findings.push(
        ...(KroLevel.followsGraphEngine(to) ? [] : labelFindings(instance)),
        ...annotationFindings(instance),
      );
    }
  }
  findings.push(...recordFindings(crds, definitions));
  const graphs = await graphsOf(planned);
  if (KroLevel.followsGraphEngine(to) && graphs.length > 0) findings.push(...gateFindings(kros, graphs.length));
  for (const graph of graphs) findings.push(...(await graphFindings(planned, schemas, graph, to, features)));
  const { basics, source, checker } = planned;
  const limits = new Set([...basics.limits, ...source.limits, ...checker.limits]);
  return [...findings, ...[...limits].map((problem) => ({ problem, effect: 'findings may be missing' }))];
}

function runningFinding({ namespace, name }: ControllerDeployment): HandBackFinding {
  return {
    object: { apiVersion: 'apps/v1', kind: 'Deployment', name, namespace },
    problem: `this TypeKro controller continues to run; --namespace ${namespace} --name ${name} hands it back`,
    effect: 'it and kro would write the same objects',
  };
}

/** The maximum length of the value of a label. */
const MAX_LABEL_LENGTH = 63;

/** kro 0.9 writes the name of an instance into a label of its children and does not shorten the name. */
function labelFindings(instance: KubeObject): HandBackFinding[] {
  const { name = '' } = instance.metadata;
  if (name.length <= MAX_LABEL_LENGTH) return [];
  const problem = `kro 0.9 writes its name into a label, which has at most ${MAX_LABEL_LENGTH} characters`;
  return [{ object: refOf(instance), problem, effect: 'the API server refuses each write of its children' }];
}

/** One finding per Deployment of kro that does not have the gate for Graphs. */
function gateFindings(kros: readonly ControllerDeployment[], graphs: number): HandBackFinding[] {
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
async function graphFindings(
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

const GATES = 'feature-gates';

/** The gates in the flags of a Deployment. If the Deployment has no such flag, all gates are off. */
function deploymentGates({ flags }: Pick<ControllerDeployment, 'flags'>): FeatureGates['features'] {
  return readFeatureGates(flagTexts(flags).flags.get(GATES)?.slice(`--${GATES}=`.length) ?? '').features;
}

/**
 * The features of kro's controllers in a cluster. A feature is on only if every controller has it, because any of the
 * controllers may reconcile the objects next. Without a controller, the features are kro's defaults.
 */
function kroFeatures(kros: readonly ControllerDeployment[]): GraphFeatures {
  const gates = kros.map(deploymentGates);
  const hasEach = (feature: 'omit' | 'deletionPolicy'): boolean => gates.length > 0 && gates.every((of) => of[feature]);
  const features = stockFeatures({ omit: hasEach('omit'), deletionPolicy: hasEach('deletionPolicy') });
  // kro's CRD does not have the fields `propagateWhen` and `versions`. The API server drops the fields, so kro never
  // reads them and does not refuse the definition.
  return { ...features, propagateWhen: true, versions: true };
}
