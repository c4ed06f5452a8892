import type { KubeObject, ObjectRef } from '@typekro/kit/core';
import { GraphObject } from '@typekro/engine/graph';
import { Finalizers } from '@typekro/engine/runtime';
import { shellWord } from '../text/escapes.ts';
import { argumentOf } from './instance-name.ts';

/** Is the instance suspended? False for a Graph, because neither kro nor TypeKro can suspend a Graph. */
export const isPaused = (instance: KubeObject): boolean =>
  Finalizers.isSuspended(instance) && !GraphObject.is(instance);

/** Does the suspension of the instance stop its writes? The deletion of a suspended instance continues. */
export function suspendsWrites(instance: KubeObject): boolean {
  return isPaused(instance) && instance.metadata.deletionTimestamp === undefined;
}

/** `typekro resume webapp/team-a/shop`: the command that ends the suspension of an instance. */
export const resumeCommand = ({ kind, ...metadata }: NamedInstance): string =>
  `typekro resume ${shellWord(argumentOf({ kind, metadata }))}`;

/** `typekro suspend webapp/team-a/shop`: the command that suspends an instance. */
export const suspendCommand = ({ kind, ...metadata }: NamedInstance): string =>
  `typekro suspend ${shellWord(argumentOf({ kind, metadata }))}`;

/** Describes the effect of a suspension, and names the command that ends it. */
export const suspensionText = (instance: NamedInstance): string =>
  `suspended by the annotation kro.run/reconcile: no object is written before ${resumeCommand(instance)}`;

/** Describes the effect of `typekro suspend` on an instance. The deletion of a suspended instance continues. */
export const suspensionEffect = ({ metadata }: KubeObject): string =>
  metadata.deletionTimestamp === undefined
    ? 'it is suspended: the controller writes none of its objects, and does not revert changes by other clients'
    : 'it is suspended, but its deletion continues: the controller still deletes its objects';

type NamedInstance = Pick<ObjectRef, 'kind' | 'name' | 'namespace'>;
