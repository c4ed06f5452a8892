import { defineResourceFactory, argumentMembers, withDefault } from '../../compose/index.ts';
import { OWN_MEMBERS } from '../../compose/resource-factory.ts';
import type { FactoryExtras, NamedInput, Resource, ResourceFactory } from '../../compose/index.ts';

/** The argument of a flat factory: the members of the spec, with name, namespace and so on at the same level. */
export type FlatInput<Spec extends object, Optional extends keyof Spec = never> = NamedInput &
  FactoryExtras &
  Omit<Spec, Optional> & { readonly [Key in Optional]?: Spec[Key] | undefined };

/**
 * Makes a factory that takes the members of the spec at the top level, with defaults for some of them. `name` is the
 * name of the factory in messages.
 */
export function flatFactory<
  Spec extends object,
  Fields extends { spec?: Spec | undefined },
  Optional extends keyof Spec,
>(
  name: string,
  make: ResourceFactory<Fields>,
  defaults: { readonly [Key in Optional]: NonNullable<Spec[Key]> },
): (input: FlatInput<Spec, Optional>) => ReturnType<ResourceFactory<Fields>> {
  return defineResourceFactory((input: FlatInput<Spec, Optional>) => {
    const { own, spec } = divideFields(argumentMembers(name, input), { spec: defaults });
    return (make as unknown as (object: object) => Resource)({ ...own, spec });
  }) as unknown as (input: FlatInput<Spec, Optional>) => ReturnType<ResourceFactory<Fields>>;
}

interface Parts {
  readonly own: Record<string, unknown>;
  readonly spec: Record<string, unknown>;
}

/**
 * Divides the members into those of the object and those of its spec. An absent member gets its default; without a
 * default, it is left out.
 */
export function divideFields(
  input: object,
  defaults: { readonly own?: Readonly<Record<string, unknown>>; readonly spec: object },
): Parts {
  const parts: Parts = { own: { ...defaults.own }, spec: { ...defaults.spec } };
  for (const [name, value] of Object.entries(input)) {
    const part = OWN_MEMBERS.has(name) ? parts.own : parts.spec;
    if (value === undefined || value === null) continue;
    part[name] = Object.hasOwn(part, name) ? withDefault<unknown>(value, part[name]) : value;
  }
  return parts;
}
