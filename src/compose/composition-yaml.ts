import type { JsonValue, KubeObject } from '../core/index.ts';
import type { CompositionCore } from './composition.ts';
import { hoistedNamespace } from './composition.ts';
import { printYaml } from './emit/yaml.ts';
import type { Target } from './public-types.ts';
import { sharedInstance, SINGLETON_NAMESPACE, singletonsOf } from './singleton.ts';

/** The definition as YAML, after the definitions of the compositions whose singletons it refers to. */
export function definitionYaml(core: CompositionCore, target: Target): string {
  return [...definitionsOf(core)].map((each) => printYaml(each.write(target).definition)).join('---\n');
}

/** The documents that `kubectl apply` takes for a spec in kro mode: namespaces, singletons, the instance. */
export function instanceYaml(core: CompositionCore, spec: unknown, namespace?: string): string {
  const shared = singletonsOf(core).map(sharedInstance);
  const before = shared.length === 0 ? [] : [singletonNamespace()];
  const objects = [...before, ...core.namespaces(spec), ...shared, core.instance(spec, namespace)];
  return objects.map((object) => printYaml(object as unknown as JsonValue)).join('---\n');
}

/**
 * The composition and all compositions whose definitions it needs, each once, in the order in which they are applied.
 */
function definitionsOf(core: CompositionCore, found = new Set<CompositionCore>()): Set<CompositionCore> {
  for (const { core: owner } of singletonsOf(core)) definitionsOf(owner, found);
  return found.add(core);
}

const singletonNamespace = (): KubeObject =>
  hoistedNamespace({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: SINGLETON_NAMESPACE } });
