import { type KubeObject, refOf } from '@typekro/kit/core';
import type { Blocker } from '@typekro/controller/inspect';
import { Finalizers, keys, readConditions } from '@typekro/engine/runtime';
import { argumentOf } from '../instance/instance-name.ts';
import { kubectlObject } from '../instance/without-definition.ts';
import { shellWord } from '../text/escapes.ts';

/**
 * Describes why an apply of an object that is being deleted has no lasting effect. Returns `undefined` for an object
 * that is not being deleted.
 *
 * @param live the object in the cluster
 * @param command a command that shows why the deletion does not complete. Absent when there is none for the kind
 */
export function blockerOfDeletion(live: KubeObject | undefined, command?: string): Blocker | undefined {
  const since = live?.metadata.deletionTimestamp;
  if (live === undefined || since === undefined) return undefined;
  if (live.kind === 'Namespace' && live.apiVersion === 'v1') return blockerOfNamespace(live, since);
  const { finalizers = [] } = live.metadata;
  const held = finalizers.length === 0 ? '' : `, and its finalizers hold it (${finalizers.join(', ')})`;
  const wait = `kubectl wait --for=delete ${kubectlObject(refOf(live))}`;
  const shows = command === undefined ? '' : `; ${command} shows what holds it`;
  return {
    reason: `it is being deleted (since ${since})${held}`,
    remedy: `wait until it is gone, then plan again: ${wait}${shows}`,
  };
}

/**
 * Describes the deletion of a Namespace and its remaining objects. If instances with the controller's finalizer remain,
 * waiting is not enough: only a controller that serves their definition can complete their deletion.
 */
function blockerOfNamespace(namespace: KubeObject, since: string): Blocker {
  const left = readConditions(namespace.status?.['conditions']).flatMap(({ type, status, message = '' }) =>
    LEFT_IN_NAMESPACE.has(type) && status === 'True' && message !== '' ? [message] : [],
  );
  const isHeldByInstances = left.some((message) => message.includes(`${keys.FINALIZER} in `));
  const name = namespace.metadata.name ?? '';
  const wait = `kubectl wait --for=delete ${kubectlObject(refOf(namespace))}`;
  return {
    reason: `it is being deleted (since ${since})${left.length === 0 ? '' : `: ${left.join('; ')}`}`,
    remedy: isHeldByInstances
      ? `only a controller that serves their definitions removes the finalizer ${keys.FINALIZER} of the instances in this namespace: typekro why KIND/${name}/NAME says what holds an instance; when the namespace is gone, plan again: ${wait}`
      : `wait until it is gone, then plan again: ${wait}`,
  };
}

/** The conditions of a terminating Namespace that list its remaining objects. */
const LEFT_IN_NAMESPACE: ReadonlySet<string> = new Set(['NamespaceContentRemaining', 'NamespaceFinalizersRemaining']);

/** Returns the command that shows why the deletion of an instance does not complete. */
export const whyCommandOf = (instance: KubeObject): string => `typekro why ${shellWord(argumentOf(instance))}`;

/**
 * Describes a deletion that has stopped because the definition of the instance is missing. The deletion continues once
 * the definition is applied, so it is no reason to refuse the definition. Returns `undefined` for any other instance.
 *
 * @param definition the live definition of the instance; `undefined` when it is not in the cluster
 * @param name the name of the definition
 */
export function deletionThatResumes(
  instance: KubeObject | undefined,
  definition: KubeObject | undefined,
  name: string,
): string | undefined {
  const since = instance?.metadata.deletionTimestamp;
  if (instance === undefined || since === undefined || definition !== undefined) return undefined;
  if (!Finalizers.has(instance)) return undefined;
  const others = Finalizers.others(instance);
  const ofOthers = others.length === 0 ? '' : `, and other programs remove ${others.join(', ')}`;
  return `it is being deleted (since ${since}); its deletion ends once the definition ${name} is served${ofOthers}`;
}
