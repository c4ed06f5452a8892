import { TypeKroError } from '../core/index.ts';
import type { StoredProps } from './model.ts';
import { samePlace } from './places.ts';

/** A scope of Alchemy, as far as it tells declarations apart. */
export interface DeclaringScope {
  /** The outermost scope: another one for each run of a program. */
  readonly root?: object;
}

interface Declaration {
  readonly scope: object;
  readonly id: string;
  readonly props: StoredProps;
}

/** What each run of a program has declared so far, by its outermost scope. */
const declared = new WeakMap<object, Declaration[]>();

/**
 * Notes that a program declares an instance.
 *
 * @throws TypeKroError `alchemy/declared-twice` when another resource of the program has it: the second deploy would
 * take it over, and whichever resource goes first would delete it for both.
 */
export function declare(scope: DeclaringScope | undefined, id: string, props: StoredProps): void {
  if (scope === undefined) return;
  const root = scope.root ?? scope;
  const known = declared.get(root) ?? [];
  const isSame = (other: Declaration) => other.scope === scope && other.id === id;
  const other = known.find(
    (each) => !isSame(each) && samePlace(each.props.place, props.place) && sameCluster(each.props, props),
  );
  if (other !== undefined) {
    const { kind, name, namespace } = props.place;
    throw new TypeKroError(
      `the KroResource "${id}" declares ${kind} "${name}" in namespace "${namespace}", which "${other.id}" has declared`,
      {
        code: 'alchemy/declared-twice',
        remedy: 'declare an instance once, or give one of them another name or namespace',
      },
    );
  }
  declared.set(root, [...known.filter((each) => !isSame(each)), { scope, id, props }]);
}

/** Are both sent to the same cluster, as far as their declarations tell? */
function sameCluster(a: StoredProps, b: StoredProps): boolean {
  return addressOf(a) === addressOf(b);
}

/** A text or an object that stands for the cluster. */
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
