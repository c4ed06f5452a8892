import type { ResourceNode } from '../graph/index.ts';
import { childLabels } from './labels.ts';
import type { ObjectTarget } from './model.ts';
import { fillTemplate, holesBelow } from './template.ts';
import type { Unresolved, StepContext, WantedObject } from './step-context.ts';
import { unresolvedBy } from './step-context.ts';
import { targetOf, wantedObject } from './wanted.ts';

/** What a node wants, or why that is not known. */
export type Resolved =
  | { readonly state: 'resolved'; readonly wanted: readonly WantedObject[] }
  | { readonly state: 'unresolved'; readonly reason: Unresolved };

/** Fills the template of a single resource. Its dependencies are ready. */
export function resolveResource(context: StepContext, node: ResourceNode): Resolved {
  const filled = fillTemplate(node.template, context.ready, context.evaluation);
  if (filled.state !== 'value') {
    return { state: 'unresolved', reason: unresolvedBy(node, filled.state, filled.failure, filled.path) };
  }
  const targeted = targetOf(context, node, filled.value);
  if (!targeted.ok) return { state: 'unresolved', reason: targeted.reason };
  const labels = childLabels(context.labels, node);
  return { state: 'resolved', wanted: [wantedObject(context, node, filled.value, targeted.target, labels)] };
}

/** What a node would write although its template cannot be filled; undefined when unknown, or why it may not. */
export type Identities = readonly ObjectTarget[] | Unresolved | undefined;

/** The identity of a resource whose template cannot be filled (yet). */
export function identityOfResource(context: StepContext, node: ResourceNode): Identities {
  const holes = holesBelow(node.template.holes, ['metadata']).filter(
    ({ path }) => path[1] === 'name' || path[1] === 'namespace',
  );
  const filled = fillTemplate({ skeleton: node.template.skeleton, holes }, context.ready, context.evaluation);
  if (filled.state !== 'value') return undefined;
  const targeted = targetOf(context, node, filled.value);
  return targeted.ok ? [targeted.target] : targeted.reason;
}
