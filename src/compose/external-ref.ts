import { createResource } from './emit/create.ts';
import { defineFactory } from './interp/natives.ts';
import type { Resource } from './public-types.ts';

/** An object that somebody else owns, by name. */
export interface ExternalReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly id?: string;
}

/**
 * A reference to an object that exists outside the composition: it is read, never written.
 *
 * @example externalRef('v1', 'ConfigMap', 'settings', 'shared').data
 */
export const externalRef = defineFactory(
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
    const { id, ...manifest } = reference;
    return createResource<Fields>({ ...manifest }, { external: true, ...(id === undefined ? {} : { id }) });
  },
);

function positional(apiVersion: string, kind = '', name = '', namespace?: string): ExternalReference {
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}
