import { createResource } from './create-resource.ts';
import { defineResourceFactory } from './define-resource-factory.ts';
import type { Resource } from '../public-types.ts';

/** An object that another program owns, by name. */
export interface ExternalReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly id?: string;
  /** Accepted and ignored: the schema of the kind states whether the kind is namespaced. */
  readonly scope?: 'Namespaced' | 'Cluster';
}

/**
 * Makes a reference to an object that exists outside the composition. The graph reads the object and never writes it.
 *
 * @example externalRef('v1', 'ConfigMap', 'settings', 'shared').data
 */
export const externalRef = defineResourceFactory(
  <
    Fields extends object = {
      spec: Record<string, unknown>;
      status: Record<string, unknown>;
      data: Record<string, string>;
    },
  >(
    apiVersion: string | ExternalReference,
    kind?: string,
    name?: string,
    namespace?: string,
  ): Resource<Fields> => {
    const reference = typeof apiVersion === 'string' ? positional(apiVersion, kind, name, namespace) : apiVersion;
    const { id, scope: _scope, ...manifest } = reference;
    return createResource<Fields>({ ...manifest }, { external: true, ...(id === undefined ? {} : { id }) });
  },
);

/**
 * The same as `externalRef({ apiVersion, kind, metadata })`, under another name.
 *
 * @example observedResource({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'token' } }).data
 */
export const observedResource = defineResourceFactory(
  <
    Fields extends object = {
      spec: Record<string, unknown>;
      status: Record<string, unknown>;
      data: Record<string, string>;
    },
  >(
    reference: ExternalReference,
  ): Resource<Fields> => externalRef<Fields>(reference),
);

function positional(apiVersion: string, kind = '', name = '', namespace?: string): ExternalReference {
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}
