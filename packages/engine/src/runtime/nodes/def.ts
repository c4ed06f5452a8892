import type { JsonObject, JsonValue } from '@typekro/kit/core';
import type { DefNode } from '../../graph/model.ts';
import { fillItems } from './collection.ts';
import { published, valueReady } from './ready.ts';
import type { Resolved } from '../resolved.ts';
import { type NodeResult, type StepContext, unresolvedBy } from '../step-context.ts';
import { fillTemplate } from '../template.ts';

/** Evaluates the value of a def node: an object, or, if the node has dimensions, a list with one object per item. */
export function resolveDef(context: StepContext, node: DefNode): Resolved {
  const { forEach } = node;
  if (forEach !== undefined) {
    const items: JsonObject[] = [];
    const reason = fillItems(context, { ...node, forEach }, (filled) => {
      items.push(filled);
      return undefined;
    });
    return reason === undefined ? resolvedTo(items) : { state: 'unresolved', reason };
  }
  const filled = fillTemplate(node.template, context.ready, context.evaluation);
  return filled.state === 'value'
    ? resolvedTo(filled.value)
    : { state: 'unresolved', reason: unresolvedBy(context, node, filled.state, filled.failure, filled.path) };
}

function resolvedTo(value: JsonObject | JsonObject[]): Resolved {
  return { state: 'resolved', wanted: [], value };
}

/** The result of a def node whose value is known. */
export function assessDef(context: StepContext, node: DefNode, value: JsonValue): NodeResult {
  const readiness = published(context, valueReady(context, node, value));
  return { node, wanted: [], apply: [], inPlace: true, objects: [], data: value, ...readiness };
}
