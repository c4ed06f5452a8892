import { type Manifest, type Resource, createResource, defineResourceFactory } from '../../compose/index.ts';

/**
 * Makes an object of any kind. The argument has the same members as the YAML of the object. `Fields` is the type of the
 * fields that a graph reads. For a fully typed factory of a kind, use `typekro generate`.
 */
export const customResource = defineResourceFactory(
  <Fields extends object = Record<string, unknown>>(object: Manifest & { readonly id?: string }): Resource<Fields> => {
    const { id, ...manifest } = object;
    return createResource<Fields>(manifest, id === undefined ? {} : { id });
  },
);
