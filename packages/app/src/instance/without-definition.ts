import { type KubeObject, type ObjectRef, refOf, parseApiVersion, withGroup } from '@typekro/kit/core';
import type { Blocker } from '@typekro/controller/inspect';
import { Finalizers, keys } from '@typekro/engine/runtime';
import type { FoundInstance } from './find-instance.ts';
import { shellWord } from '../text/escapes.ts';

/**
 * Describes the deletion of an instance that does not proceed because the definition is gone, or is withdrawn
 * (`isWithdrawn`). Returns `undefined` when the definition is in force. Also returns `undefined` when the instance
 * lacks the controller's finalizer, because the definition does not delay the deletion then.
 */
export function blockerWithoutDefinition({
  instance,
  definition,
  gone,
}: Pick<FoundInstance, 'instance' | 'definition' | 'gone'>): Blocker | undefined {
  if (!Finalizers.has(instance)) return undefined;
  const isLost = definition === undefined ? gone !== undefined : isWithdrawn(definition);
  if (!isLost) return undefined;
  const name = definition?.metadata.name ?? gone ?? '';
  const state = definition === undefined ? `the definition ${name} is gone` : withdrawnText(definition);
  const apply = definition === undefined ? `apply the definition ${name} again` : restoreText(definition);
  return {
    reason: `${state}, so no controller deletes the objects and removes the finalizer ${keys.FINALIZER}`,
    remedy: `${apply}; its controller then completes the deletion. To remove the instance and keep its objects: ${finalizerPatch(instance, Finalizers.others(instance))}`,
  };
}

/**
 * Is the definition being deleted, without the controller's finalizer? In this state no controller works on its
 * instances, and only finalizers of other programs keep the definition.
 */
export function isWithdrawn(definition: KubeObject): boolean {
  return definition.metadata.deletionTimestamp !== undefined && !Finalizers.has(definition);
}

/** Says when the deletion of a definition began, and which finalizers delay it. */
export function withdrawnText({ metadata }: KubeObject): string {
  const { name = '', deletionTimestamp = '', finalizers = [] } = metadata;
  const held = finalizers.length === 0 ? '' : `, held by ${finalizers.join(', ')}`;
  return `the definition ${name} is being deleted (since ${deletionTimestamp}${held})`;
}

/**
 * Says how to restore a definition that is being deleted. The text refers to `typekro why`, which prints `releaseText`.
 */
export function restoreText({ metadata: { name = '' } }: KubeObject): string {
  return `typekro why rgd/${name} says how to end the deletion of the definition. When it is gone, apply it again`;
}

/** Says how to complete the deletion of a definition that finalizers of other programs delay. */
export function releaseText(definition: KubeObject): string {
  const finalizers = Finalizers.others(definition);
  const kept = Finalizers.has(definition) ? [keys.FINALIZER] : [];
  const owners = finalizers.length === 1 ? 'the program that owns' : 'the programs that own';
  return `find out why ${owners} ${finalizers.join(', ')} ${finalizers.length === 1 ? 'does' : 'do'} not finish; only if no such program exists any more, remove the finalizer: ${finalizerPatch(definition, kept)}`;
}

function finalizerPatch(object: KubeObject, left: readonly string[]): string {
  const patch = JSON.stringify({ metadata: { finalizers: left.length === 0 ? null : left } });
  return `kubectl patch ${kubectlObject(refOf(object))} --type merge -p '${patch}'`;
}

/** Formats an object as arguments of kubectl: `service shop-svc -n team-a`, `webapp.kro.run shop -n team-a`. */
export function kubectlObject({ apiVersion, kind, name, namespace }: ObjectRef): string {
  const { group } = parseApiVersion(apiVersion);
  const type = withGroup(kind.toLowerCase(), group);
  const option = namespace === undefined || namespace === '' ? '' : ` -n ${shellWord(namespace)}`;
  return `${shellWord(type)} ${shellWord(name)}${option}`;
}
