import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { parseInt64 } from '@typekro/kit/golang';
import { asTexts, objectAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { selects } from '../kinds/selects.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const NAME_FIELD = 'metadata.name';

/** Does the node have all these labels? */
function hasLabels(node: KubeObject, wanted: JsonObject): boolean {
  const labels = node.metadata.labels ?? {};
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value);
}

/** Returns a node affinity that matches only the node with this name. */
export function nodeAffinityTo(name: string): JsonObject {
  const matchFields = [{ key: NAME_FIELD, operator: 'In', values: [name] }];
  return { [REQUIRED]: { nodeSelectorTerms: [{ matchFields }] } };
}

/**
 * The first node name in `namedNodes`, e.g. the node of `nodeAffinityTo`; `undefined` when the affinity names no node.
 */
export function nodeOfAffinity(pod: KubeObject): string | undefined {
  const [name] = namedNodes(pod) ?? [];
  return name;
}

const requiredTerms = (pod: KubeObject): readonly JsonObject[] | undefined => {
  const required = optionalAt(pod.spec, 'affinity', 'nodeAffinity', REQUIRED);
  return required === undefined ? undefined : objectsAt(required, 'nodeSelectorTerms');
};

/**
 * The node names to which a pod's node affinity restricts the pod, without regard to labels. `undefined` when one of
 * the terms names no node. The terms are alternatives, so the result is the union of their names. Within a term, all
 * lists of names must match, so they are intersected. The set is empty when the lists of every term contradict each
 * other.
 */
export function namedNodes(pod: KubeObject): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  const terms = requiredTerms(pod);
  if (terms === undefined || terms.length === 0) return undefined;
  for (const term of terms) {
    const lists = objectsAt(term, 'matchFields')
      .filter((field) => field['key'] === NAME_FIELD && field['operator'] === 'In')
      .map((field) => asTexts(field['values']));
    const [first, ...others] = lists;
    if (first === undefined) return undefined;
    for (const name of first) if (others.every((list) => list.includes(name))) names.add(name);
  }
  return names;
}

/**
 * kube-scheduler's message for a pod whose set `namedNodes` is empty; `undefined` for any other pod.
 */
export function affinityProblem(pod: KubeObject): string | undefined {
  return namedNodes(pod)?.size === 0 ? 'pod affinity terms conflict' : undefined;
}

/** Does the node have the labels of the pod's node selector, and match a term of its required node affinity? */
export function matchesNode(pod: KubeObject, node: KubeObject): boolean {
  if (!hasLabels(node, objectAt(pod.spec, 'nodeSelector'))) return false;
  const terms = requiredTerms(pod);
  return terms === undefined || terms.some((term) => matchesTerm(term, node));
}

/** Does the node match the term? An empty term matches no node. */
function matchesTerm(term: JsonObject, node: KubeObject): boolean {
  const [labels, fields] = [objectsAt(term, 'matchExpressions'), objectsAt(term, 'matchFields')];
  if (labels.length === 0 && fields.length === 0) return false;
  const own = node.metadata.labels ?? {};
  const { name = '' } = node.metadata;
  return (
    labels.every((requirement) => meets(requirement, own)) &&
    fields.every((requirement) => meets(requirement, { [NAME_FIELD]: name }))
  );
}

/**
 * Do the labels meet the requirement? In addition to the operators of label selectors, a node selector can compare
 * integers.
 */
function meets(requirement: JsonObject, present: Readonly<Record<string, string>>): boolean {
  const { operator } = requirement;
  if (operator !== 'Gt' && operator !== 'Lt') return selects({ matchExpressions: [requirement] }, present);
  const key = textAt(requirement, 'key');
  const own = integerOf(Object.hasOwn(present, key) ? present[key] : undefined);
  const bound = integerOf(asTexts(requirement['values'])[0]);
  if (own === undefined || bound === undefined) return false;
  return operator === 'Gt' ? own > bound : own < bound;
}

/** Parses an integer; `undefined` for a string that is not an int64. */
function integerOf(text: string | undefined): bigint | undefined {
  const value = parseInt64(text ?? '');
  return typeof value === 'bigint' ? value : undefined;
}
