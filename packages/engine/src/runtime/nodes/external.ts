import type { JsonObject, JsonValue, ObjectRef } from '@typekro/kit/core';
import { definedMembers, formatRef, isJsonObject } from '@typekro/kit/core';
import type { ExternalCollectionNode, ExternalNode } from '../../graph/model.ts';
import { conditionFailureText } from '../reports/failure.ts';
import { compareObjects } from '../objects/identity.ts';
import { dataOf, externalItemsReady, listData, objectReady, published } from './ready.ts';
import type { ApiFailure, ObjectReport } from '../report.ts';
import { type ListTarget, type ObjectTarget, refOfTarget, selectorText } from '../objects/target.ts';
import { fillTemplate } from '../template.ts';
import { type NodeResult, type StepContext, unresolvedBy } from '../step-context.ts';
import { targetOfTemplate, typeOfFilled } from './wanted.ts';
import type { Unresolved } from '../resolved.ts';

/**
 * Assesses a node that refers to one external object by its name. The node waits until the object exists, reads the
 * object and never writes it. The object's deletion timestamp is ignored.
 */
export function assessExternal(context: StepContext, node: ExternalNode): NodeResult {
  const filled = fillTemplate(node.template, context.ready, context.evaluation);
  if (filled.state !== 'value')
    return unresolved(node, unresolvedBy(context, node, filled.state, filled.failure, filled.path));
  const targeted = targetOfTemplate(context, node, filled.value);
  if (!targeted.ok) return unresolved(node, targeted.reason);

  const { target } = targeted;
  const object = refOfTarget(target);
  context.watches.push({ kind: 'object', nodeId: node.id, target });
  const observation = context.observed.object(target);
  const nothing = { node, wanted: [], apply: [], inPlace: true } as const;
  if (observation.state === 'unknown') {
    context.reads.push({ kind: 'object', nodeId: node.id, target, why: 'unknown' });
    const objects: ObjectReport[] = [{ object, state: 'unknown' }];
    return { ...nothing, state: 'pending', because: { kind: 'unread', object }, objects };
  }
  if (observation.state === 'failed') {
    const objects: ObjectReport[] = [{ object, state: 'failed' }];
    return { ...nothing, ...unreadable(context, node, target, observation, { object }), objects };
  }
  if (observation.state === 'absent') {
    const message = context.texts.externalMissing(node, target);
    const objects: ObjectReport[] = [{ object, state: 'absent' }];
    return { ...nothing, state: 'waiting', because: { kind: 'external-missing', object }, message, objects };
  }
  const live = observation.live.object;
  const { uid } = live.metadata;
  const objects: ObjectReport[] = [{ object, state: 'present', ...(uid === undefined ? {} : { uid }) }];
  return { ...nothing, ...published(context, objectReady(context, node, live)), data: dataOf(live), objects };
}

/**
 * Assesses a node that refers to all external objects that match a selector. The data of the node are these objects,
 * ordered by namespace and name. A node whose selector matches no object is ready.
 */
export function assessExternalCollection(context: StepContext, node: ExternalCollectionNode): NodeResult {
  const filled = fillTemplate(node.template, context.ready, context.evaluation);
  if (filled.state !== 'value')
    return unresolved(node, unresolvedBy(context, node, filled.state, filled.failure, filled.path));
  const metadata: JsonObject = isJsonObject(filled.value['metadata']) ? filled.value['metadata'] : {};
  const selector = selectorText(metadata['selector']);
  if (!selector.ok) {
    const message = context.texts.invalid(node, `node "${node.id}": metadata.selector: ${selector.problem}`);
    return unresolved(node, {
      state: 'failed',
      because: { kind: 'invalid-object', path: 'metadata.selector', message },
      message,
    });
  }

  const typing = typeOfFilled(context, node, filled.value);
  if (!typing.ok) return unresolved(node, typing.reason);
  const { type } = typing;
  const where = namespaceOf(metadata['namespace']);
  const allowed = context.options.namespaces === 'instance' ? context.namespace : undefined;
  if (allowed !== undefined && where.namespace !== allowed) {
    const object = { ...refOfTarget({ type, name: '*' }), ...where };
    const message = `node "${node.id}" must stay in namespace "${allowed}" of the instance, but reads ${formatRef(object)}`;
    return unresolved(node, { state: 'failed', because: { kind: 'outside-namespace', object, allowed }, message });
  }
  const target: ListTarget = { type, selector: selector.text, ...where };
  context.watches.push({ kind: 'list', nodeId: node.id, target });
  const observation = context.observed.list(target);
  const nothing = { node, wanted: [], apply: [], inPlace: true, objects: [] } as const;
  if (observation.state === 'unknown') {
    context.reads.push({ kind: 'list', nodeId: node.id, target, why: 'unknown' });
    return { ...nothing, state: 'pending', because: { kind: 'unread', selector: selector.text } };
  }
  if (observation.state === 'failed') {
    return { ...nothing, ...unreadable(context, node, target, observation) };
  }
  if (observation.state === 'unserved') {
    const message = `node "${node.id}": the API server does not serve ${target.type.plural} of "${target.type.group}/${target.type.version}"`;
    return { ...nothing, state: 'waiting', because: { kind: 'unread', selector: selector.text }, message };
  }
  const live = observation.objects.map(({ object }) => object).sort(compareObjects);
  return { ...nothing, ...published(context, externalItemsReady(context, node, live)), data: listData(live) };
}

function unreadable(
  context: StepContext,
  node: ExternalNode | ExternalCollectionNode,
  target: ObjectTarget | ListTarget,
  { failure, retryAt }: { readonly failure: ApiFailure; readonly retryAt?: number | undefined },
  object: { readonly object?: ObjectRef } = {},
) {
  const because = { kind: 'read-failed', ...object, failure } as const;
  const message = context.texts.externalUnreadable(node, conditionFailureText(context.graph, failure), target);
  return { state: 'failed', because, message, ...definedMembers({ retryAt }) } as const;
}

function namespaceOf(value: JsonValue | undefined): { namespace?: string } {
  return typeof value === 'string' && value.trim() !== '' ? { namespace: value } : {};
}

function unresolved(node: ExternalNode | ExternalCollectionNode, reason: Unresolved): NodeResult {
  return { node, ...reason, wanted: [], apply: [], inPlace: true, objects: [] };
}
