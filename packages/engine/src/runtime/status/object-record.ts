import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { type GraphNode, Nodes } from '../../graph/index.ts';
import { apiVersionOf } from '../../graph/nodes.ts';
import { OBJECT_RECORD } from '../../graph/crd.ts';
import { objectsAt } from '@typekro/kit/kubernetes';
import * as keys from '../objects/keys.ts';
import { nodeLabel } from '../objects/labels.ts';
import type { InstanceState } from '../model.ts';
import type { NodeResult, StepContext } from '../step-context.ts';

/**
 * The record of the objects of an instance: `status.graph` of a definition with the feature `managedResources`. It has
 * one entry per existing single object, one per collection, and one per selector of external objects, in the order of
 * the graph. An object of another owner has no entry. Undefined if the definition does not have the feature. A step
 * that does not visit all nodes keeps the entries of the last record.
 */
export function objectRecord(context: StepContext, state: InstanceState): JsonObject | undefined {
  const { graph, instance, results } = context;
  if (graph.recordsObjects !== true) return undefined;
  const before = instance.status?.[OBJECT_RECORD];
  if (results.size < graph.nodes.size) return isJsonObject(before) ? { ...before, state } : undefined;
  const { generation } = instance.metadata;
  const last = objectsAt(instance, 'status', OBJECT_RECORD, 'resources');
  return {
    state,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    resources: [...results.values()].flatMap((result) => entriesOf(context, result, last)),
  };
}

/** The entries of a node. `last` has the entries of the previous record. */
function entriesOf(context: StepContext, result: NodeResult, last: readonly JsonObject[]): JsonValue[] {
  const { node, state, because, objects } = result;
  const { id, nodeType } = node;
  if (state === 'skipped') return [];
  switch (nodeType) {
    case 'resource':
    case 'external': {
      if (because.kind === 'other-owner' || because.kind === 'graph-owner') return [];
      return objects.flatMap(({ object, state: is, uid }) => {
        if (is !== 'present' && is !== 'deleting') return [];
        const identity = { ...object, ...(uid === undefined ? {} : { uid }) };
        if (nodeType === 'external') return [{ id, nodeType: 'External', ...identity }];
        const known = last.find((entry) => uid !== undefined && entry['uid'] === uid);
        return [{ id, nodeType: 'Resource', ...identity, ...writtenRevision(context, result, known) }];
      });
    }
    case 'collection': {
      const { instance, graph } = context;
      const { uid = '' } = instance.metadata;
      const label = nodeLabel(id, graph.kroCompatibility);
      const selector = `${keys.INSTANCE_ID_LABEL}=${uid},${keys.NODE_ID_LABEL}=${label}`;
      const known = last.find((entry) => entry['id'] === id && entry['selector'] === selector);
      const entry = { id, nodeType: 'Collection', ...typeOf(node), selector };
      return [{ ...entry, ...writtenRevision(context, result, known) }];
    }
    case 'externalCollection': {
      const watch = context.watches.find((each) => each.kind === 'list' && each.nodeId === id);
      if (watch?.kind !== 'list') return [];
      const { selector, namespace } = watch.target;
      const place = namespace === undefined ? {} : { namespace };
      return [{ id, nodeType: 'ExternalCollection', ...typeOf(node), ...place, selector }];
    }
    default:
      return [];
  }
}

/**
 * The revision of a node's objects: the present revision if the objects are in place, otherwise the revision in the
 * previous record.
 */
function writtenRevision(
  { options }: StepContext,
  { inPlace, because }: NodeResult,
  known: JsonObject | undefined,
): { readonly revision?: JsonValue } {
  const revision = inPlace && because.kind !== 'write-failed' ? options.revision : known?.['revision'];
  return revision === undefined || revision === 0 ? {} : { revision };
}

function typeOf(node: GraphNode): { readonly apiVersion: string; readonly kind: string } {
  return { apiVersion: apiVersionOf(node), kind: Nodes.kindOf(node) };
}
