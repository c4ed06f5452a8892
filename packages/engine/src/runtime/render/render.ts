import { type JsonObject, type JsonValue, type KubeObject, isJsonObject } from '@typekro/kit/core';
import type { Graph, GraphNode } from '../../graph/index.ts';
import * as keys from '../objects/keys.ts';
import type { Decision, StepOptions } from '../model.ts';
import type { NodeReport } from '../report.ts';
import type { NodeResult, StepContext } from '../step-context.ts';
import { createStepContext, step, decideNodes } from '../step.ts';
import { type ListFailure, type RenderedObject, type SentObjects, fillWhatIsKnown, withoutUnknown } from './fill.ts';
import { necessaryNodes } from '../nodes/branch-dependencies.ts';
import { decideInclusion, undecidedConditions } from '../nodes/include.ts';
import { ObservedObjects } from './observed-objects.ts';

export type { ListFailure, RenderedObject } from './fill.ts';

/** A node of an instance with its objects. */
export interface RenderedNode {
  /** The node report that the controller produces in this state. */
  readonly report: NodeReport;
  /** The objects as they would be sent, without the controller's own labels and annotations. */
  readonly objects: readonly RenderedObject[];
  /** Is the number of objects known? If not (a collection whose lists are unknown), one object represents all items. */
  readonly countKnown: boolean;
  /** The `includeWhen` conditions that have no value yet. */
  readonly undecided: readonly string[];
  /** List expressions of a collection that fail although all nodes that they read are known. */
  readonly listFailures: readonly ListFailure[];
  /** Is the node external? The graph reads its object and never writes it. */
  readonly external: boolean;
  /** Does the node write fields into objects of other clients? If so, its objects have only these fields. */
  readonly patch?: true;
}

/** An instance with its objects, computed without a cluster. */
export interface RenderedInstance {
  /** The nodes, dependencies first. */
  readonly nodes: readonly RenderedNode[];
  /** The controller's decision if only the given objects exist. */
  readonly decision: Decision;
}

/**
 * Renders the objects of an instance with the controller's own step, in a cluster that contains only the given objects.
 * A given object that is a child counts as unchanged: no write is necessary. A field may depend on an object that does
 * not exist yet. Such a field has a value if the objects to be sent determine it; if not, the field is listed as
 * unknown.
 *
 * @param instance with the defaults of its schema
 */
export function renderInstance(
  graph: Graph,
  instance: KubeObject,
  objects: readonly KubeObject[],
  options: StepOptions,
): RenderedInstance {
  const observed = new ObservedObjects(instance, objects, graph.definedBy === 'graph');
  let decision = step(graph, instance, observed, options);
  // The loop ends, because each round settles at least one of the given objects.
  while (decision.apply.filter((action) => observed.settle(action)).length > 0) {
    decision = step(graph, instance, observed, options);
  }
  const context = createStepContext(graph, instance, observed, options);
  decideNodes(context);
  const reports = new Map(
    decision.nodes.filter(({ retired }) => retired !== true).map((report) => [report.id, report]),
  );
  const included = certainlyIncluded(context);
  const sent = new Map<string, JsonObject>();
  const nodes = [...context.results].flatMap(([id, result]) => {
    const report = reports.get(id);
    if (report === undefined) return [];
    const rendered = renderNode(context, result, report, { sent, isIncluded: included.has(id) });
    const [first] = rendered.objects;
    if (first !== undefined && result.node.nodeType === 'resource') sent.set(id, withoutUnknown(first));
    return [rendered];
  });
  return { nodes, decision };
}

/** The nodes that no condition can exclude any more: their own conditions and those of their dependencies are true. */
function certainlyIncluded(context: StepContext): ReadonlySet<string> {
  const included = new Set<string>();
  // The results are in the order of the graph, dependencies first.
  for (const [id, { node, wanted, state }] of context.results) {
    // A resolved node cannot be excluded by a node that is read only in branches that its expressions do not take.
    const needed = wanted !== undefined && state !== 'skipped' ? necessaryNodes(node) : node.dependsOn;
    if (!needed.every((dependency) => included.has(dependency))) continue;
    if (decideInclusion(context, node).state === 'included') included.add(id);
  }
  return included;
}

function renderNode(
  context: StepContext,
  result: NodeResult,
  report: NodeReport,
  { sent, isIncluded }: { readonly sent: SentObjects; readonly isIncluded: boolean },
): RenderedNode {
  const { node, wanted, state } = result;
  const external = node.nodeType === 'external' || node.nodeType === 'externalCollection';
  const nothing = { report, objects: [], countKnown: true, undecided: [], listFailures: [], external };
  if (state === 'skipped') return nothing;
  if (external) return { ...nothing, objects: fillWhatIsKnown(context, node, sent, isIncluded).objects };
  // A patch creates no object: it writes fields into objects of other clients.
  if (wanted !== undefined && node.nodeType !== 'patch') {
    const objects = wanted.map(({ desired }) => ({ object: withoutBookkeeping(desired, node), unknown: [] }));
    return { ...nothing, objects };
  }
  const { objects, countKnown, listFailures } = fillWhatIsKnown(context, node, sent, isIncluded);
  return {
    ...nothing,
    ...(node.nodeType === 'patch' ? { patch: true } : {}),
    objects: objects.map(({ object, unknown }) => ({ object: inNamespace(context, node, object), unknown })),
    countKnown,
    listFailures,
    undecided: undecidedConditions(context, node).map(({ cel }) => cel),
  };
}

/** Adds the instance's namespace to a namespaced object without a namespace. */
function inNamespace({ namespace }: StepContext, node: GraphNode, object: JsonObject): JsonObject {
  const metadata = isJsonObject(object['metadata']) ? object['metadata'] : {};
  const own = metadata['namespace'];
  if (!node.namespaced || namespace === undefined || (typeof own === 'string' && own.trim() !== '')) return object;
  return { ...object, metadata: { ...metadata, namespace } };
}

/** The controller's labels whose keys have none of its reserved prefixes. */
const OWN_LABELS: ReadonlySet<string> = new Set([keys.PART_OF_LABEL, keys.MANAGED_BY_LABEL]);

function withoutBookkeeping(desired: KubeObject, node: GraphNode): JsonObject {
  const { labels, annotations, ...metadata } = desired.metadata as JsonObject;
  const authored = isJsonObject(node.template.skeleton['metadata']) ? node.template.skeleton['metadata'] : {};
  const kept = {
    ...metadata,
    ...authorsMap('labels', labels, authored['labels']),
    ...authorsMap('annotations', annotations, authored['annotations']),
  };
  return { ...desired, metadata: kept };
}

/**
 * An object with the member `name`: the labels or annotations without the controller's own. The member is absent if it
 * would be empty and the author wrote no such map.
 */
function authorsMap(name: string, sent: JsonValue | undefined, authored: JsonValue | undefined): JsonObject {
  const entries = Object.entries(isJsonObject(sent) ? sent : {}).filter(([key]) => {
    if (keys.isReservedKey(key)) return false;
    return !OWN_LABELS.has(key) || (isJsonObject(authored) && Object.hasOwn(authored, key));
  });
  return entries.length === 0 && authored === undefined ? {} : { [name]: Object.fromEntries(entries) };
}

/** An instance without a cluster. */
export const RenderedInstance = { of: renderInstance };
