import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { formatRef, isJsonObject, namespacedName } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { type GraphNode, Nodes } from '../../graph/index.ts';
import { asText } from '@typekro/kit/kubernetes';
import { typeOfNode } from '../objects/identity.ts';
import { CHILD_DELETION_POLICY_ANNOTATION } from '../objects/keys.ts';
import { childAnnotations } from '../objects/labels.ts';
import type { StepContext } from '../step-context.ts';
import { type ObjectTarget, type ObjectType, refOfTarget } from '../objects/target.ts';
import type { Unresolved, WantedObject } from '../resolved.ts';

/** A target, or the reason why an object has no target. */
export type Targeted =
  | { readonly ok: true; readonly target: ObjectTarget }
  | { readonly ok: false; readonly reason: Unresolved };

/** The type of a filled template, or the reason why the type is unknown. */
export type Typing =
  | { readonly ok: true; readonly type: ObjectType }
  | { readonly ok: false; readonly reason: Unresolved };

/** The type of a node's objects. If the template computes the type, the cluster must serve this type. */
export function typeOfFilled(context: StepContext, node: GraphNode, filled: JsonObject): Typing {
  if (Nodes.isTyped(node)) return { ok: true, type: typeOfNode(node) };
  const apiVersion = asText(filled['apiVersion']);
  const kind = asText(filled['kind']);
  const [version = '', group = '', ...more] = apiVersion.split('/').toReversed();
  const type = `${group}/${version}, Kind=${kind}`;
  if (version === '' || kind === '' || more.length > 0) {
    const problem = `dynamic template resolved to incomplete GVK ${goQuote(type)}`;
    const message = context.texts.refused(node, problem);
    return { ok: false, reason: { state: 'failed', because: { kind: 'invalid-object', message: problem }, message } };
  }
  const served = context.options.kinds?.({ group, version, kind }, node.id);
  if (served !== undefined) return { ok: true, type: { group, version, kind, ...served } };
  const message = context.texts.unknownType(node, type);
  return { ok: false, reason: { state: 'pending', because: { kind: 'unknown-type', type }, message } };
}

/**
 * The identity of a filled template. A namespaced object without a namespace gets the namespace of the instance. If the
 * instance is cluster-scoped, a namespaced object must name its namespace.
 */
export function targetOfTemplate(context: StepContext, node: GraphNode, filled: JsonObject): Targeted {
  const metadata = isJsonObject(filled['metadata']) ? filled['metadata'] : {};
  const name = metadata['name'];
  if (typeof name !== 'string' || name === '') {
    return invalid(context, node, 'metadata.name', `node "${node.id}": metadata.name must be a non-empty string`);
  }
  const typing = typeOfFilled(context, node, filled);
  if (!typing.ok) return typing;
  const { type } = typing;
  if (!type.namespaced) return confined(context, node, { type, name });
  const own = metadata['namespace'];
  const namespace = typeof own === 'string' && own.trim() !== '' ? own : context.namespace;
  if (namespace === undefined) {
    return invalid(
      context,
      node,
      'metadata.namespace',
      `node "${node.id}" is namespaced and must resolve metadata.namespace when the instance is cluster-scoped`,
    );
  }
  const target = { type, name, namespace };
  const loop = loopProblem(context, node, target);
  return loop === undefined ? confined(context, node, target) : invalid(context, node, 'metadata.name', loop);
}

/**
 * The problem of a node that writes the Graph that contains it, or a Graph that made this Graph. A write to the Graph
 * that contains the node would start the next pass, endlessly. If a node wrote a Graph that made its own Graph, the two
 * Graphs would own, change and delete each other.
 */
function loopProblem(context: StepContext, node: GraphNode, target: ObjectTarget): string | undefined {
  if (isSelf(context, node, target)) return `node "${node.id}" writes the Graph that contains it`;
  const { group, kind } = context.graph.instance;
  const { makers } = context.options;
  if (makers === undefined || node.nodeType === 'patch' || Nodes.isExternal(node)) return undefined;
  if (target.type.group !== group || target.type.kind !== kind || !makers.includes(namespacedName(target)))
    return undefined;
  return `node "${node.id}" writes the Graph "${namespacedName(target)}", which made the Graph that contains the node; remove the node, or delete the Graph that contains it`;
}

/** Does a node of a Graph write the Graph itself? */
function isSelf({ graph, instance, namespace }: StepContext, node: GraphNode, target: ObjectTarget): boolean {
  if (graph.definedBy !== 'graph' || Nodes.isExternal(node)) return false;
  const { group, kind } = graph.instance;
  const isSameType = target.type.group === group && target.type.kind === kind;
  return isSameType && target.namespace === namespace && target.name === instance.metadata.name;
}

/**
 * Refuses an object outside the instance's namespace if the policy forbids it. Cluster-scoped objects count as outside.
 */
function confined(context: StepContext, node: GraphNode, target: ObjectTarget): Targeted {
  const { namespace: allowed, options } = context;
  if (options.namespaces !== 'instance' || allowed === undefined || target.namespace === allowed) {
    return { ok: true, target };
  }
  const object = refOfTarget(target);
  const message = `node "${node.id}" must stay in namespace "${allowed}" of the instance, but resolves to ${formatRef(object)}`;
  return { ok: false, reason: { state: 'failed', because: { kind: 'outside-namespace', object, allowed }, message } };
}

/**
 * Completes a filled template with the namespace, and with the labels and annotations that kro writes. `labels` are the
 * labels of this child.
 */
export function wantedObject(
  context: StepContext,
  node: GraphNode,
  filled: JsonObject,
  target: ObjectTarget,
  labels: Readonly<Record<string, string>>,
): WantedObject {
  const metadata = isJsonObject(filled['metadata']) ? filled['metadata'] : {};
  const desired = {
    ...filled,
    metadata: {
      ...metadata,
      ...(target.namespace === undefined ? {} : { namespace: target.namespace }),
      labels: withMembers(metadata['labels'], labels),
      annotations: withMembers(
        withoutPolicy(metadata['annotations']),
        childAnnotations(context.graph, node, context.instance),
      ),
    },
  };
  return { target, desired: desired as KubeObject };
}

/**
 * The author's annotations without the annotation of the deletion policy, which the author could set with an expression
 * for the whole map.
 */
function withoutPolicy(annotations: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(annotations) || !Object.hasOwn(annotations, CHILD_DELETION_POLICY_ANNOTATION)) return annotations;
  const { [CHILD_DELETION_POLICY_ANNOTATION]: _policy, ...others } = annotations;
  return others;
}

/**
 * Merges the author's members with the controller's members, which take precedence. If the author has no members,
 * returns the controller's object itself.
 */
function withMembers(author: JsonValue | undefined, controllers: Readonly<Record<string, string>>) {
  return isJsonObject(author) ? { ...author, ...controllers } : controllers;
}

function invalid(context: StepContext, node: GraphNode, path: string, problem: string): Targeted {
  const message = context.texts.invalid(node, problem);
  return {
    ok: false,
    reason: { state: 'failed', because: { kind: 'invalid-object', path, message: problem }, message },
  };
}
