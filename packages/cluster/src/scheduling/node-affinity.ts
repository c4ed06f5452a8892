import { type JsonObject, type KubeObject, oncePerObject } from '@typekro/kit/core';
import {
  asTexts,
  labelMapMatcher,
  labelSelectorMatcher,
  listAt,
  objectAt,
  objectsAt,
  optionalAt,
} from '@typekro/kit/kubernetes';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const NAME_FIELD = 'metadata.name';

/** Returns a node affinity that matches only the node with this name. */
export function nodeAffinityTo(name: string): JsonObject {
  const matchFields = [{ key: NAME_FIELD, operator: 'In', values: [name] }];
  return { [REQUIRED]: { nodeSelectorTerms: [{ matchFields }] } };
}

/**
 * The first node name in `namedNodes`, e.g. the node of `nodeAffinityTo`; `undefined` when the affinity names no node.
 */
export const nodeOfAffinity = (pod: KubeObject): string | undefined => [...(namedNodes(pod) ?? [])][0];

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
    const [first, ...others] = objectsAt(term, 'matchFields')
      .filter((field) => field['key'] === NAME_FIELD && field['operator'] === 'In')
      .map((field) => asTexts(field['values']));
    if (first === undefined) return undefined;
    for (const name of first) if (others.every((list) => list.includes(name))) names.add(name);
  }
  return names;
}

/** kube-scheduler's message for a pod whose set `namedNodes` is empty; `undefined` for any other pod. */
export function affinityProblem(pod: KubeObject): string | undefined {
  return namedNodes(pod)?.size === 0 ? 'pod affinity terms conflict' : undefined;
}

/** Does the node have the labels of the pod's node selector, and match a term of its required node affinity? */
export function matchesNode(pod: KubeObject, node: KubeObject): boolean {
  if (!labelMapMatcher(objectAt(pod.spec, 'nodeSelector'))(node.metadata.labels)) return false;
  const terms = requiredTerms(pod);
  return terms === undefined || terms.some((term) => matchesTerm(term, node));
}

/**
 * Does the node match the term? An empty term matches no node. In addition to the operators of label selectors, a term
 * can compare integers.
 */
function matchesTerm(term: JsonObject, { metadata: { name = '', labels } }: KubeObject): boolean {
  const [expressions, fields] = [listAt(term, 'matchExpressions'), listAt(term, 'matchFields')];
  if (expressions.length === 0 && fields.length === 0) return false;
  return labelSelectorMatcher(term)(labels) && fieldMatcher(term)({ [NAME_FIELD]: name });
}

const fieldMatcher = oncePerObject((term: JsonObject) =>
  labelSelectorMatcher({ matchExpressions: objectsAt(term, 'matchFields') }),
);
