import type { JsonObject, JsonValue, KubeObject } from '../core/index.ts';
import { formatRef, isJsonObject } from '../core/index.ts';
import type { GraphNode } from '../graph/index.ts';
import { typeOfNode } from './identity.ts';
import { childAnnotations } from './labels.ts';
import type { StepContext } from './step-context.ts';
import type { ObjectTarget } from './target.ts';
import { refOfTarget } from './target.ts';
import type { Unresolved, WantedObject } from './resolved.ts';

/** A target, or why the object has none. */
export type Targeted =
  | { readonly ok: true; readonly target: ObjectTarget }
  | { readonly ok: false; readonly reason: Unresolved };

/**
 * The identity of a filled template. A namespaced object without a namespace gets the namespace of the instance. Under
 * a cluster-scoped instance, the object must name a namespace.
 */
export function targetOfTemplate(context: StepContext, node: GraphNode, filled: JsonObject): Targeted {
  const metadata = isJsonObject(filled['metadata']) ? filled['metadata'] : {};
  const name = metadata['name'];
  if (typeof name !== 'string' || name === '') {
    return invalid(context, node, 'metadata.name', `node "${node.id}": metadata.name must be a text that is not empty`);
  }
  const type = typeOfNode(node);
  if (!node.namespaced) return confined(context, node, { type, name });
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
  return confined(context, node, { type, name, namespace });
}

/**
 * Refuses objects outside the instance's namespace where the policy forbids them; cluster-scoped objects count as
 * outside.
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
      annotations: withMembers(metadata['annotations'], childAnnotations(context.graph, node, context.instance)),
    },
  };
  return { target, desired: desired as unknown as KubeObject };
}

/**
 * The author's members together with the controller's members, which take precedence. When the author has none, the
 * controller's object itself.
 */
function withMembers(author: JsonValue | undefined, ours: Readonly<Record<string, string>>) {
  return isJsonObject(author) ? { ...author, ...ours } : ours;
}

function invalid(context: StepContext, node: GraphNode, path: string, problem: string): Targeted {
  const message = context.texts.invalid(node, problem);
  return {
    ok: false,
    reason: { state: 'failed', because: { kind: 'invalid-object', path, message: problem }, message },
  };
}
