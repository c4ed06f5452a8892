import { createResource, defineResourceFactory } from '../../compose/index.ts';
import type { Manifest, Resource } from '../../compose/index.ts';

/**
 * An object of any kind, as it stands in YAML; what is read of it is typed by `Fields`. `typekro generate`
 * gives a kind a typed factory of its own.
 */
export const customResource = defineResourceFactory(
  <Fields extends object = Record<string, unknown>>(object: Manifest & { readonly id?: string }): Resource<Fields> => {
    const { id, ...manifest } = object;
    return createResource<Fields>(manifest, id === undefined ? {} : { id });
  },
);
