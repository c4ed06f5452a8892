import type { JsonValue, KubeObject } from '@typekro/kit/core';
import type { InstancePlace } from './deploy-engine.ts';
import type { GraphCore } from './graph-core.ts';
import type { TracedCore } from './traced-core.ts';
import { type CompositionCore, hoistedNamespace } from './composition.ts';
import { printYaml } from './emit/print-yaml.ts';
import type { Target } from './public-types.ts';
import { type Singleton, sharedInstance, singletonsOf } from './singleton.ts';

/** The definition as YAML. The definitions of the singletons to which it refers come first. */
export function definitionYaml(core: CompositionCore, target: Target): string {
  return [...definitionsOf(core), core].map((each) => printYaml(each.write(target).definition)).join('---\n');
}

/** The Graph as YAML, preceded by the definitions and the instances of the singletons to which it refers. */
export function graphYaml(core: GraphCore, target: Target): string {
  const objects: readonly unknown[] = [...sharedObjects(core), core.write(target).definition];
  const definitions = [...definitionsOf(core)].map((each) => each.write(target).definition);
  return [...definitions, ...objects].map((object) => printYaml(object as JsonValue)).join('---\n');
}

/** The YAML documents to apply for a spec in kro mode: namespaces, singletons, the instance. */
export function instanceYaml(core: CompositionCore, spec: unknown, place?: InstancePlace): string {
  const instance = core.instance(spec, place);
  const objects = [...core.namespaces(instance), ...sharedObjects(core), instance];
  return objects.map((object) => printYaml(object)).join('---\n');
}

/**
 * The compositions whose definitions a traced function needs, without repetitions, in the order in which they must be
 * applied.
 */
const definitionsOf = (core: TracedCore): ReadonlySet<CompositionCore> =>
  new Set(sharedOf(core).map((shared) => shared.core));

/**
 * The objects for the singletons that a traced function needs. First come all namespaces that must exist before the
 * instances, including those of the instances. Then come the instances, each after the singletons that it needs itself.
 */
function sharedObjects(core: TracedCore): readonly KubeObject[] {
  const all = sharedOf(core);
  const instances = all.map(sharedInstance);
  const placed = new Set(instances.flatMap(({ metadata: { namespace } }) => namespace ?? []));
  const own = [...placed].map((name) => hoistedNamespace({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  return [
    ...own,
    ...all.flatMap((shared, index) => shared.core.namespaces(instances[index] as KubeObject)),
    ...instances,
  ];
}

/** The singletons that a traced function needs, without repetitions, in the order in which they must be applied. */
function sharedOf(core: TracedCore, found: Singleton[] = []): readonly Singleton[] {
  for (const shared of singletonsOf(core)) {
    sharedOf(shared.core, found);
    if (!found.some((other) => other.core === shared.core && other.id === shared.id)) found.push(shared);
  }
  return found;
}
