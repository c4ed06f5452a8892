import { createResource, defineResourceFactory } from '../../compose/index.ts';
import type { Manifest, Resource } from '../../compose/index.ts';

/**
 * Makes an object of any kind from its members as in YAML. `Fields` is the type of the fields that a graph reads.
 * `typekro generate` writes a typed factory for a kind.
 */
export const customResource = defineResourceFactory(
  <Fields extends object = Record<string, unknown>>(object: Manifest & { readonly id?: string }): Resource<Fields> => {
    const { id, ...manifest } = object;
    return createResource<Fields>(manifest, id === undefined ? {} : { id });
  },
);
