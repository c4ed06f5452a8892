import { type JsonObject, type KubeObject, jsonEquals, oncePerObject, TypeKroError } from '@typekro/kit/core';
import { isDnsLabel } from '@typekro/kit/kubernetes';
import type { CompositionCore } from './composition.ts';
import type { TracedCore } from './traced-core.ts';
import { isSymbolicDeep } from './value/symbolic-deep.ts';
import { defineFactory } from './value/native-functions.ts';
import type { Composition } from './composition-type.ts';
import { statusOfInstance } from './resource-references.ts';
import { refuse } from './refusal/refusal.ts';
import type { Trace } from './trace/trace.ts';
import { currentTrace } from './trace/current-trace.ts';

/** The namespace of singletons. */
export const SINGLETON_NAMESPACE = 'typekro-singletons';

/** An instance of another composition. Several graphs share the instance. */
export interface Singleton {
  readonly core: CompositionCore;
  /** Name of the instance. */
  readonly id: string;
  readonly spec: JsonObject;
}

/** A singleton in a graph that refers to it. */
export interface SingletonHandle<Status> {
  /** Id of the reference in this graph. */
  readonly id: string;
  readonly status: Status;
}

const cores = new WeakMap<object, CompositionCore>();
const usedIn = oncePerObject((_: Trace): Singleton[] => []);

/** Records the core (the traced composition) of a composition object, so that `singleton` finds it. */
export function rememberCore(composition: object, core: CompositionCore): void {
  cores.set(composition, core);
}

/** The singletons to which a composition refers. */
export function singletonsOf(core: Pick<TracedCore, 'traced'>): readonly Singleton[] {
  return usedIn(core.traced.trace);
}

/**
 * The object of a singleton.
 *
 * @throws CompositionError for a spec that does not match the schema.
 */
export function sharedInstance({ core, id, spec }: Singleton): KubeObject {
  const instance = core.instance(spec, { namespace: SINGLETON_NAMESPACE });
  return { ...instance, metadata: { ...instance.metadata, name: id } };
}

/**
 * Refers to a singleton: an instance of a composition that several graphs share. The graph reads the status of the
 * instance named `id` in the namespace `typekro-singletons`. `toYaml()` prints the definition of the singleton's
 * composition before the definition that uses it. A deploy applies the singleton first, and fails when it exists with
 * another spec.
 *
 * @example const db = singleton(Database, { id: 'main', spec: { size: '10Gi' } }); return { url: db.status.url };
 * @throws CompositionError when the spec or the id depends on the spec of the graph, because other graphs share the
 * instance.
 */
export const singleton = defineFactory(
  <Spec, Status, Resources, Input>(
    composition: Composition<Spec, Status, Resources, Input>,
    input: { readonly id: string; readonly spec: Input },
  ): SingletonHandle<Status> => {
    const core = cores.get(composition);
    const trace = currentTrace();
    if (core === undefined) {
      throw new TypeKroError('singleton() takes a composition', {
        code: 'compose/definition',
        remedy: 'pass what kubernetesComposition returned',
      });
    }
    if (trace === undefined) {
      throw new TypeKroError(`singleton() of ${core.name} is called outside a composition`, {
        code: 'compose/outside',
        remedy: 'use .factory() to deploy a composition by itself',
      });
    }
    if (isSymbolicDeep([input])) {
      refuse(
        'types',
        `the shared instance of ${core.name} would depend on the spec of this graph`,
        'pass a constant id and spec, or call the composition to create its own instance',
      );
    }
    const spec = core.instance(input.spec).spec as JsonObject;
    remember(trace, { core, id: checkedName(input.id), spec });
    const { status, id } = statusOfInstance(core, { name: input.id, namespace: SINGLETON_NAMESPACE });
    return { id, status: status as Status };
  },
);

function checkedName(id: unknown): string {
  if (typeof id === 'string' && isDnsLabel(id)) return id;
  return refuse('id', `"${String(id)}" cannot be the name of an instance`, 'use lowercase letters, digits and dashes');
}

function remember(trace: Trace, singleton: Singleton): void {
  const own = usedIn(trace);
  const same = own.find((other) => other.core === singleton.core && other.id === singleton.id);
  if (same === undefined) own.push(singleton);
  else if (!jsonEquals(same.spec, singleton.spec)) {
    refuse(
      'duplicate-id',
      `the shared instance "${singleton.id}" of ${singleton.core.name} is used with two specs`,
      'give one of them another id',
    );
  }
}
