import type { GroupVersionKind, JsonValue, ObjectRef } from '@typekro/kit/core';
import { formatApiVersion, isJsonObject } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import { labelSelectorProblems, requirementText } from '@typekro/kit/kubernetes';

/** An API type with the plural and the scope, which are needed for URLs of its objects. */
export interface ObjectType extends GroupVersionKind {
  /** Resource name in URLs, e.g. `deployments`. */
  readonly plural: string;
  readonly namespaced: boolean;
}

/** One object of a known type. `namespace` is absent for cluster-scoped types. */
export interface ObjectTarget {
  readonly type: ObjectType;
  readonly namespace?: string;
  readonly name: string;
}

/** All objects of a type that match a label selector. */
export interface ListTarget {
  readonly type: ObjectType;
  /** The namespace. Absent: all namespaces. */
  readonly namespace?: string;
  /** Label selector in its string form, e.g. `app=web,tier in (a,b)`. An empty selector matches everything. */
  readonly selector: string;
}

/** All objects of one group and kind that have the `part-of` label of an ApplySet. */
export interface MemberTarget {
  readonly applySet: string;
  readonly group: string;
  readonly kind: string;
  /** The sorted namespaces to list. Ignored for a cluster-scoped kind. */
  readonly namespaces: readonly string[];
}

/** The reference with which reports and errors show a target. */
export function refOfTarget(target: ObjectTarget): ObjectRef {
  return {
    apiVersion: formatApiVersion(target.type),
    kind: target.type.kind,
    name: target.name,
    ...(target.namespace === undefined ? {} : { namespace: target.namespace }),
  };
}

/** The string form of a label selector, or its problem. */
export type SelectorText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: string };

/**
 * Converts a label selector to the API's string form, with sorted terms. An absent or empty selector selects
 * everything. A selector with an unknown field is refused, because a selector without that field could select
 * everything.
 */
export function selectorText(selector: JsonValue | undefined): SelectorText {
  if (selector === undefined || selector === null) return { ok: true, text: '' };
  const [problem] = labelSelectorProblems(selector);
  if (problem !== undefined || !isJsonObject(selector)) {
    const { path = [], message = '' } = problem ?? {};
    return { ok: false, problem: path.length === 0 ? message : `${path.join('.')}: ${message}` };
  }
  const labels = (selector['matchLabels'] ?? {}) as Readonly<Record<string, string>>;
  const requirements = (selector['matchExpressions'] ?? []) as unknown as readonly Requirement[];
  const terms = [
    ...Object.entries(labels).map(([key, value]) => `${key}=${value}`),
    ...requirements.map(({ key, operator, values }) => requirementText(key, operator, values ?? [])),
  ];
  return { ok: true, text: terms.sort(compareText).join(',') };
}

/** A validated entry of `matchExpressions`. */
interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | null;
}

/** The names of objects, and selectors. */
export const ObjectTarget = { refOf: refOfTarget, selectorText };
