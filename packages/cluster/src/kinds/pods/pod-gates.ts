/**
 * Scheduling gates: the scheduler ignores a new pod with gates. An update may still restrict the nodes of such a pod.
 */
import { type JsonObject, jsonEquals } from '@typekro/kit/core';
import { objectAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import type { Field } from '../../errors/field-problems.ts';
import { internalValue } from '../describe-difference.ts';

/** Does the pod have scheduling gates? */
export const isGated = (spec: JsonObject): boolean => objectsAt(spec, 'schedulingGates').length > 0;

/** The condition of a pod that has scheduling gates. */
export const gatedCondition = (since: string | null | undefined): JsonObject => ({
  type: 'PodScheduled',
  status: 'False',
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
  lastProbeTime: null,
  lastTransitionTime: since ?? null,
});

/**
 * Checks the scheduling gates of an update. The update may only remove gates. While a pod has gates, an update may only
 * add to its node selector, and to the required terms of its node affinity.
 */
export function checkGates(spec: Field, before: JsonObject): void {
  const known = new Set(objectsAt(before, 'schedulingGates').map((gate) => textAt(gate, 'name')));
  for (const name of spec.objects('schedulingGates').map((gate) => gate.text('name')))
    if (!known.has(name.value))
      name.forbidden(`only deletion is allowed, but found new scheduling gate '${name.value}'`);
  if (!isGated(before)) return;
  const nodes = spec.object('nodeSelector');
  if (Object.entries(objectAt(before, 'nodeSelector')).some(([key, value]) => nodes.value[key] !== value))
    nodes.invalid('only additions to spec.nodeSelector are allowed (no mutations or deletions)');
  checkNodeTerms(spec, before);
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';

const shownTerm = (term: JsonObject) => internalValue('core.v1.NodeSelectorTerm', term);

/**
 * Checks the required terms of the node affinity. If the stored pod has terms, an update may only add expressions to
 * these terms.
 */
function checkNodeTerms(spec: Field, before: JsonObject) {
  const required = spec.object('affinity').object('nodeAffinity').object(REQUIRED);
  const terms = required.objects('nodeSelectorTerms');
  const known = objectsAt(before, 'affinity', 'nodeAffinity', REQUIRED, 'nodeSelectorTerms');
  if (known.length === 0) return;
  if (terms.length !== known.length) {
    const shown = terms.length === 0 ? null : terms.map(({ value }) => shownTerm(value));
    const text = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed';
    required.list('nodeSelectorTerms').invalid(text, shown);
    return;
  }
  for (const [index, term] of terms.entries())
    if (!onlyAdds(term.value, known[index] ?? {}))
      term.invalid('only additions are allowed (no mutations or deletions)', shownTerm(term.value));
}

/**
 * Does a new term begin with all expressions of the stored term? A stored term without expressions matches no node, so
 * the new term may not have expressions.
 */
function onlyAdds(term: JsonObject, before: JsonObject): boolean {
  const lists = ['matchExpressions', 'matchFields'];
  if (lists.every((list) => objectsAt(before, list).length === 0))
    return lists.every((list) => objectsAt(term, list).length === 0);
  return lists.every((list) => {
    const known = objectsAt(before, list);
    return jsonEquals(objectsAt(term, list).slice(0, known.length), known);
  });
}

/**
 * Replaces the node affinity of the new specification with the node affinity of the stored specification. `next` is a
 * copy, which this function changes.
 */
export function keepNodeAffinity(next: JsonObject, before: JsonObject): void {
  const [affinity, known] = [optionalAt(next, 'affinity'), optionalAt(before, 'affinity', 'nodeAffinity')];
  if (jsonEquals(affinity?.['nodeAffinity'], known)) return;
  const { nodeAffinity: _changed, ...rest } = affinity ?? {};
  const kept: JsonObject = known === undefined ? rest : { ...rest, nodeAffinity: known };
  if (Object.keys(kept).length === 0 && optionalAt(before, 'affinity') === undefined) delete next['affinity'];
  else next['affinity'] = kept;
}
