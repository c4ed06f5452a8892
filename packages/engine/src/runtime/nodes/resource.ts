import type { ResourceNode } from '../../graph/model.ts';
import { childLabels } from '../objects/labels.ts';
import { fillTemplate, identityHoles } from '../template.ts';
import { type StepContext, unresolvedBy } from '../step-context.ts';
import { targetOfTemplate, wantedObject } from './wanted.ts';
import type { Resolved, Identities } from '../resolved.ts';

/** Fills the template of a single resource whose dependencies are ready. */
export function resolveResource(context: StepContext, node: ResourceNode): Resolved {
  const filled = fillTemplate(node.template, context.ready, context.evaluation);
  if (filled.state !== 'value') {
    return { state: 'unresolved', reason: unresolvedBy(context, node, filled.state, filled.failure, filled.path) };
  }
  const targeted = targetOfTemplate(context, node, filled.value);
  if (!targeted.ok) return { state: 'unresolved', reason: targeted.reason };
  const labels = childLabels(context.labels, node, context.graph.kroCompatibility);
  return { state: 'resolved', wanted: [wantedObject(context, node, filled.value, targeted.target, labels)] };
}

/**
 * The identity of a resource whose template cannot be filled yet; undefined while its identity fields cannot be filled
 * either.
 */
export function identityOfResource(context: StepContext, node: ResourceNode): Identities {
  const holes = identityHoles(node.template.holes);
  const filled = fillTemplate({ skeleton: node.template.skeleton, holes }, context.ready, context.evaluation);
  if (filled.state !== 'value') return undefined;
  const targeted = targetOfTemplate(context, node, filled.value);
  return targeted.ok ? [targeted.target] : targeted.reason;
}
