import type { GroupVersionKind, ObjectRef } from '@typekro/kit/core';
import { formatApiVersion } from '@typekro/kit/core';

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
