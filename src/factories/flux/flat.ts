import { defineResourceFactory } from '../../compose/index.ts';
import type { FactoryExtras, NamedInput, Resource, ResourceFactory } from '../../compose/index.ts';

/** Members that are not the spec's. */
const OWN = new Set(['id', 'waitForReady', 'name', 'namespace', 'labels', 'annotations', 'finalizers']);

/** Name, namespace and so on, with the members of the spec beside them. */
export type FlatInput<Spec extends object, Optional extends keyof Spec = never> = NamedInput &
  FactoryExtras &
  Omit<Spec, Optional> & { readonly [Key in Optional]?: Spec[Key] | undefined };

/** A factory that takes the members of the spec at the top, with defaults for some. */
export function flatFactory<
  Spec extends object,
  Fields extends { spec?: Spec | undefined },
  Optional extends keyof Spec,
>(
  make: ResourceFactory<Fields>,
  defaults: { readonly [Key in Optional]: NonNullable<Spec[Key]> },
): (input: FlatInput<Spec, Optional>) => ReturnType<ResourceFactory<Fields>> {
  return defineResourceFactory((input: FlatInput<Spec, Optional>) => {
    const { own, spec } = divide(input, defaults);
    return (make as unknown as (object: object) => Resource)({ ...own, spec });
  }) as unknown as (input: FlatInput<Spec, Optional>) => ReturnType<ResourceFactory<Fields>>;
}

/** What belongs to the object and what to its spec; members that are `undefined` are left out. */
export function divide(
  input: object,
  defaults: object,
): { readonly own: Record<string, unknown>; readonly spec: Record<string, unknown> } {
  const own: Record<string, unknown> = {};
  const spec: Record<string, unknown> = { ...defaults };
  for (const [name, value] of Object.entries(input)) {
    if (value !== undefined) (OWN.has(name) ? own : spec)[name] = value;
  }
  return { own, spec };
}
