import { TypeKroError } from '@typekro/kit/core';
import type { StoredProps } from './kro-resource-props.ts';
import { sameLocation } from './places.ts';

/** The part of an Alchemy scope that distinguishes the runs of a program. */
export interface DeclaringScope {
  /** The outermost scope. Each run of a program has its own. */
  readonly root?: object;
}

interface Declaration {
  readonly scope: object;
  readonly id: string;
  readonly props: StoredProps;
}

/** The declarations of each run so far, keyed by the run's outermost scope. */
const declared = new WeakMap<object, Declaration[]>();

/**
 * Records that a program declares an instance.
 *
 * @throws TypeKroError `alchemy/declared-twice` when another resource of the program declares the same instance.
 *   Without this error, the second deploy would take over the instance, and the deletion of either resource would
 *   delete the instance.
 */
export function declareResource(scope: DeclaringScope | undefined, id: string, props: StoredProps): void {
  if (scope === undefined) return;
  const root = scope.root ?? scope;
  const known = declared.get(root) ?? [];
  const isSame = (other: Declaration) => other.scope === scope && other.id === id;
  const other = known.find(
    (each) => !isSame(each) && sameLocation(each.props.place, props.place) && sameCluster(each.props, props),
  );
  if (other !== undefined) {
    const { kind, name, namespace } = props.place;
    throw new TypeKroError(
      `the KroResources "${other.id}" and "${id}" both declare ${kind} "${name}" in namespace "${namespace}"`,
      { code: 'alchemy/declared-twice', remedy: 'remove one of them, or give its instance another name or namespace' },
    );
  }
  declared.set(root, [...known.filter((each) => !isSame(each)), { scope, id, props }]);
}

/** Do the declarations name the same cluster? Two different names of the same cluster count as different clusters. */
function sameCluster(a: StoredProps, b: StoredProps): boolean {
  return addressOf(a) === addressOf(b);
}

/** A string or an object that identifies the cluster of a declaration. */
function addressOf({ connection, local }: StoredProps): unknown {
  switch (connection.by) {
    case 'transport':
      return local().transport;
    case 'kubeconfig':
      return typeof connection.kubeConfig === 'string' ? connection.kubeConfig : connection.kubeConfig.unencrypted;
    case 'default':
      return '';
  }
}
