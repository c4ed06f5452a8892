import type { ArgumentTable, Resource } from '../../compose/index.ts';
import { defineResourceFactory, mergeObjects, takeArguments, waitingFor } from '../../compose/index.ts';
import { ARGUMENT_SHAPES } from './argument-shapes.ts';
import { KIND_RULES } from '../generate/kind-rules.ts';

/**
 * The arguments that the factories of this entry point have in common. All arguments except `id` and `waitForReady` may
 * be conditional, or read from the spec or from a resource.
 */
export interface CommonConfig {
  /** Id in the graph; derived from kind and name when absent. The id must be known when the graph is made. */
  readonly id?: string | undefined;
  /** Name of the object (`metadata.name`), unique among the objects of its kind in the namespace. */
  readonly name: string;
  /** Namespace of the object; the namespace of the instance when absent. */
  readonly namespace?: string | undefined;
  /**
   * Labels of the object, and of the pods of a workload. Without an entry `app`, the label `app` is added with the name
   * of the object as value. Services and PersistentVolumes get no such additional label.
   */
  readonly labels?: Readonly<Record<string, string | undefined>> | undefined;
  /** Annotations of the object. */
  readonly annotations?: Readonly<Record<string, string | undefined>> | undefined;
  /**
   * If true, resources that read this resource wait until the readiness rule of its kind is satisfied. Kinds that are
   * ready as soon as they exist refuse this argument. Its value must be known when the graph is made. Default false.
   */
  readonly waitForReady?: boolean | undefined;
}

/** The entries of `CommonConfig` in a table of arguments. */
export const COMMON = {
  id: 'optional',
  name: 'required',
  namespace: 'optional',
  labels: 'optional',
  annotations: 'optional',
  waitForReady: 'optional',
} as const satisfies ArgumentTable<CommonConfig>;

/**
 * Makes the factory of one kind (`Kind.group`, `Kind` for the core group). The factory implements `waitForReady` with
 * the readiness rule of the kind.
 */
export function simpleFactory<Config extends CommonConfig, Made extends Resource<object>>(
  type: string,
  table: ArgumentTable<Config>,
  make: (config: Config) => Made,
): (config: Config) => Made {
  const [kind = type] = type.split('.');
  return defineResourceFactory((input: Config): Made => {
    const config = takeArguments(kind, input, table, ARGUMENT_SHAPES) as Config;
    const made = make(config);
    return config.waitForReady === true ? waitingFor(made, kind, KIND_RULES.get(type)?.cel) : made;
  });
}

/** The metadata of an object. With `app`, the object gets the label `app` with its name as value. */
export function metadataOf(
  config: CommonConfig,
  options: { readonly app: boolean } = { app: true },
): Record<string, unknown> {
  const { name, namespace, labels, annotations } = config;
  const own = options.app ? { app: name } : undefined;
  const all = own === undefined && labels === undefined ? undefined : mergeObjects(own, labels);
  return definedOnly({ name, namespace, labels: all, annotations });
}

/** The option `id` for `createResource`; an empty object when the argument has no id. */
export function idOf(config: CommonConfig): { readonly id?: string } {
  return config.id === undefined ? {} : { id: config.id };
}

/** An object with only the members that have a value. */
export function definedOnly(members: Record<string, unknown>): Record<string, unknown> {
  const present: Record<string, unknown> = {};
  const keys = Object.keys(members);
  // Index loop: in unoptimized code for..of allocates at each step.
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as string;
    if (members[key] !== undefined) present[key] = members[key];
  }
  return present;
}
