import type { JsonObject, JsonValue } from '../core/index.ts';
import { isJsonObject } from '../core/index.ts';
import type { GraphNode } from '../graph/index.ts';
import { apiVersionOf, kindOf } from '../graph/index.ts';
import * as keys from './keys.ts';
import { nodeLabel } from './labels.ts';
import type { InstanceState } from './model.ts';
import type { NodeResult, StepContext } from './step-context.ts';

/** The field of the status with the record of objects. */
export const OBJECT_RECORD = 'graph';

/**
 * The record of the objects of an instance: `status.graph` of a definition with the feature `managedResources`. One entry
 * for each single object that exists, and one for each collection and each selection of external objects, in the order of
 * the graph. Undefined when the definition has no record. A step that visits no node keeps the last record.
 */
export function objectRecord(context: StepContext, state: InstanceState): JsonObject | undefined {
  const { graph, instance, results, options } = context;
  if (graph.recordsObjects !== true) return undefined;
  const before = instance.status?.[OBJECT_RECORD];
  if (results.size < graph.nodes.size) return isJsonObject(before) ? { ...before, state } : undefined;
  const { generation } = instance.metadata;
  const revision = options.revision ?? 0;
  return {
    state,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    resources: [...results.values()].flatMap((result) => entriesOf(context, result, revision)),
  };
}

function entriesOf(context: StepContext, { node, state, objects }: NodeResult, revision: number): JsonValue[] {
  const { id, nodeType } = node;
  if (state === 'skipped') return [];
  switch (nodeType) {
    case 'resource':
    case 'external':
      return objects.flatMap(({ object, state: is, uid }) => {
        if (is !== 'present' && is !== 'deleting') return [];
        const type = nodeType === 'resource' ? 'Resource' : 'External';
        const written = nodeType === 'resource' && revision > 0 ? { revision } : {};
        return [{ id, nodeType: type, ...object, ...(uid === undefined ? {} : { uid }), ...written }];
      });
    case 'collection': {
      const { instance, graph } = context;
      const { uid = '' } = instance.metadata;
      const label = nodeLabel(id, graph.kroCompatibility);
      const selector = `${keys.INSTANCE_ID_LABEL}=${uid},${keys.NODE_ID_LABEL}=${label}`;
      return [{ id, nodeType: 'Collection', ...typeOf(node), selector, ...(revision > 0 ? { revision } : {}) }];
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

function typeOf(node: GraphNode): { readonly apiVersion: string; readonly kind: string } {
  return { apiVersion: apiVersionOf(node), kind: kindOf(node) };
}
