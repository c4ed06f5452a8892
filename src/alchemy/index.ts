/**
 * Deploys compositions from Alchemy programs: `KroResource` is a resource whose creation and update run
 * `factory(mode).deploy(spec)` and whose deletion runs `deleteInstance`. Alchemy's state remembers where the
 * instance is and what was asked for; the cluster remembers the rest. Needs the optional peer `alchemy`.
 *
 * @packageDocumentation
 */
import { parseJson, TypeKroError } from '../core/index.ts';
import { loadAlchemy } from './alchemy-package.ts';
import { declare } from './declared.ts';
import { lifecycle } from './lifecycle.ts';
import type { KroResourceOutput, KroResourceProps } from './model.ts';
import { storedProps } from './stored-props.ts';

export type { KroResourceOutput, KroResourceProps, Secret, WithSecrets } from './model.ts';

/** The kind under which Alchemy's state has these resources. */
export const KRO_RESOURCE_TYPE = 'typekro::KroResource';

// Alchemy destroys what a program no longer declares before or without calling the program's functions, so its
// provider has to be registered when this module has been imported; the package can be imported only, and only
// here can we say that it is missing.
const alchemy = await loadAlchemy(() => import('alchemy'));
const provider = alchemy.Resource(KRO_RESOURCE_TYPE, function (_id, props) {
  return lifecycle(this, props);
});

/**
 * Declares an instance of a composition in the scope of the moment: it is deployed, updated when the spec, the
 * definition or a setting changed, and deleted when the scope is destroyed or the program does not declare it
 * any more. Another name, namespace or composition makes a new instance, and deletes the old one when the
 * program is finalized. Unchanged declarations send no request. A deploy that failed is taken up by the next run.
 *
 * Which cluster is reached is no part of the identity: to move to another one, use another id.
 *
 * @throws TypeKroError of the deploy; `alchemy/spec` and `alchemy/plain-kubeconfig` for what cannot be kept in a
 * state; `alchemy/declared-twice` for an instance that another resource of the program has; `alchemy/not-deleted` when a deletion is not finished in time; `alchemy/not-deployed` in the phase `read`.
 *
 * @example const shop = await KroResource('shop', { composition: app, spec: { name: 'shop', replicas: 2 } });
 */
export async function KroResource<Input, Spec, Status>(
  id: string,
  props: KroResourceProps<Input, Spec, Status>,
): Promise<KroResourceOutput<Input, Status>> {
  const output = await provider(id, checked(id, props));
  const { place, uid, status } = output;
  if (place === undefined || status === undefined) {
    // Alchemy's phase `read` gives what the state has.
    throw new TypeKroError(`the KroResource ${id} has not been deployed yet`, {
      code: 'alchemy/not-deployed',
      remedy: 'run the program that deploys it first',
    });
  }
  // With the output's own marks, by which Alchemy's `destroy(resource)` knows it.
  return Object.assign(marksOf(output), {
    apiVersion: place.apiVersion,
    kind: place.kind,
    metadata: { name: place.name, namespace: place.namespace, ...(uid === undefined ? {} : { uid }) },
    spec: props.spec,
    status: parseJson(status) as Status,
    mode: place.mode,
  });
}

/** The props for Alchemy. A scope with a resource that is wrong fails, or it would delete what it does not see. */
function checked<Input, Spec, Status>(
  id: string,
  props: KroResourceProps<Input, Spec, Status>,
): ReturnType<typeof storedProps> {
  try {
    const stored = storedProps(props, (value) => alchemy.isSecret(value));
    declare(alchemy.Scope.getScope(), id, stored);
    return stored;
  } catch (error) {
    alchemy.Scope.getScope()?.fail();
    throw error;
  }
}

function marksOf(output: object): object {
  return Object.fromEntries(
    Object.getOwnPropertySymbols(output).map((mark) => [mark, (output as Record<symbol, unknown>)[mark]]),
  );
}
export * from './moved.ts';
