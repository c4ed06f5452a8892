/**
 * Deploys compositions from Alchemy programs. `KroResource` is a resource whose creation and update run
 * `factory(mode).deploy(spec)`, and whose deletion runs `deleteInstance`. Alchemy's state has the location, the props,
 * the uid and the last status of the instance. All other data is in the cluster. This entry point needs the optional
 * peer dependency `alchemy`.
 *
 * @packageDocumentation
 */
import { parseJson, TypeKroError } from '@typekro/kit/core';
import { loadAlchemy } from './alchemy-package.ts';
import { declareResource } from './declare.ts';
import { runLifecycle } from './run-lifecycle.ts';
import type { KroResourceOutput, KroResourceProps } from './kro-resource-props.ts';
import { storedProps } from './stored-props.ts';

export type { KroResourceOutput, KroResourceProps, Secret, WithSecrets } from './kro-resource-props.ts';

/** The kind of these resources in Alchemy's state. */
export const KRO_RESOURCE_TYPE = 'typekro::KroResource';

// Alchemy may destroy resources that a program no longer declares, and may do this before it calls any function of the
// program. The provider must therefore be registered when the import of this module ends. The package `alchemy` is an
// ES module, so only a top-level `await import` can load it and report that it is missing.
const alchemy = await loadAlchemy(() => import('alchemy'));
const provider = alchemy.Resource(KRO_RESOURCE_TYPE, function (_id, props) {
  return runLifecycle(this, props);
});

/**
 * Declares an instance of a composition in the current scope of Alchemy. The instance is deployed at its first
 * declaration. It is updated when the spec, the definition or a setting changes. It is deleted when the scope is
 * destroyed, or when the program does not declare it any more. A changed name, namespace, kind or composition makes a
 * new instance. Alchemy deletes the old instance when the program is finalized. If the same composition now has another
 * kind, Alchemy deletes the old instance before it creates the new one. An unchanged declaration sends no request. The
 * next run retries a failed deploy.
 *
 * The cluster is not part of a resource's identity. Use another id to move an instance to another cluster.
 *
 * @throws TypeKroError of the deploy; `alchemy/spec` and `alchemy/plain-kubeconfig` for values that cannot be kept in a
 * state; `alchemy/declared-twice` for an instance that another resource of the program declares; `alchemy/not-deleted`
 * when a deletion is not finished in time; `alchemy/not-deployed` in the phase `read`.
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
    // In Alchemy's phase `read`, the output comes from the state. Before the first deploy the output is empty.
    throw new TypeKroError(`the KroResource ${id} has not been deployed yet`, {
      code: 'alchemy/not-deployed',
      remedy: 'first run the program that deploys it',
    });
  }
  // The result keeps the symbols of Alchemy's output, because `destroy(resource)` recognizes the resource by them.
  return Object.assign(marksOf(output), {
    apiVersion: place.apiVersion,
    kind: place.kind,
    metadata: { name: place.name, namespace: place.namespace, ...(uid === undefined ? {} : { uid }) },
    spec: props.spec,
    status: parseJson(status) as Status,
    mode: place.mode,
  });
}

/**
 * The props for Alchemy. Invalid props make the scope fail. A scope that did not fail would find no declaration of the
 * instance and would delete the instance.
 */
function checked<Input, Spec, Status>(
  id: string,
  props: KroResourceProps<Input, Spec, Status>,
): ReturnType<typeof storedProps> {
  try {
    const stored = storedProps(props, (value) => alchemy.isSecret(value));
    declareResource(alchemy.Scope.getScope(), id, stored);
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
export * from './generated/moved.ts';
