import { type KubeObject, type ObjectRef, isJsonObject, parseApiVersion } from '@typekro/kit/core';
import { type Reports, Failure, keys } from '@typekro/engine/runtime';

/**
 * The field manager with which `up`, `dev` and `apply` apply objects of the user's files. The commands share one
 * manager, so that a field set by one command is removed when another command applies the file without the field.
 */
export const FILE_MANAGER = 'typekro';

/** Kinds whose deletion also destroys other objects or data, with a description of the loss. */
const KEPT_KINDS: Readonly<Record<string, string>> = {
  'apiextensions.k8s.io/CustomResourceDefinition': 'all objects of its kind',
  '/Namespace': 'all objects in it',
  '/PersistentVolumeClaim': 'the data in it',
  '/PersistentVolume': 'the data in it',
};

/** Returns the reason why objects of a kind are never replaced, or `undefined` when they can be. */
export function keptKind({ apiVersion, kind }: Pick<ObjectRef, 'apiVersion' | 'kind'>): string | undefined {
  const key = `${parseApiVersion(apiVersion).group}/${kind}`;
  const lost = Object.hasOwn(KEPT_KINDS, key) ? KEPT_KINDS[key] : undefined;
  return lost === undefined ? undefined : `typekro never replaces a ${kind}, because ${lost} would be deleted with it`;
}

/** The reason why typekro does not replace a child that the instance does not own yet. */
export const NOT_OF_INSTANCE = 'typekro replaces only objects of the instance, and another client created this one';

/**
 * Returns the reason why a live object of a file is not replaced: another client created it, or another object owns it.
 * Returns `undefined` when it can be replaced.
 */
export function keptLive({ metadata }: KubeObject): string | undefined {
  const { ownerReferences = [], labels = {}, managedFields = [] } = metadata;
  const owner = ownerReferences.find(({ controller }) => controller === true);
  if (owner !== undefined) return `typekro never replaces an object of ${owner.kind} ${owner.name}`;
  if (Object.hasOwn(labels, keys.PART_OF_LABEL)) return 'typekro never replaces an object of an instance';
  const isOwn = managedFields.some(
    (entry) => isJsonObject(entry) && entry['manager'] === FILE_MANAGER && entry['operation'] === 'Apply',
  );
  return isOwn ? undefined : 'typekro replaces only objects that it has applied, and another client created this one';
}

/** Returns a message with the server's refusal and the reason why the object is not replaced. */
export function replacementRefusal(failure: Reports.ApiFailure, kept: string | undefined): string {
  return kept === undefined ? Failure.text(failure) : `${Failure.text(failure)}; ${kept}`;
}
