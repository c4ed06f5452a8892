import type { KubeObject, ObjectRef } from '../../core/index.ts';
import { isJsonObject, parseApiVersion } from '../../core/index.ts';
import type { KubeError } from '../../kube/index.ts';
import type { ApiFailure } from '../../runtime/index.ts';
import { failureText, keys } from '../../runtime/index.ts';

/** The field manager of objects of the user's files. */
export const FILE_MANAGER = 'typekro';

/**
 * The end of the message of a cause that is about a change. The value of the field stands before it, in quotes or in
 * brackets, and so the end holds none of them, and no colon.
 */
const IMMUTABLE_END = /(?:^|: )(?:(?:field|value) is immutable(?: [^:"{}]*)?|may not change once set)$/i;
const FORBIDDEN_UPDATE = /^Forbidden: updates to [^:"{}]* are forbidden$/;

/**
 * Does the server refuse a change for nothing but fields that cannot change on an object that exists? The causes of the
 * Status decide, all of them: a new object would meet any other cause again. A denial by a policy or a webhook is none,
 * whatever its text says: a policy names no field, and a webhook names itself.
 */
export function isImmutableRefusal({ status, reason, message, details: { causes } }: KubeError): boolean {
  if (status !== 422 || reason !== 'Invalid' || message.startsWith('admission webhook ')) return false;
  return (
    causes.length > 0 &&
    causes.every(({ field = '', reason: why, message: said = '' }) => {
      if (field === '') return false;
      if (why === 'FieldValueForbidden') return IMMUTABLE_END.test(said) || FORBIDDEN_UPDATE.test(said);
      return why === 'FieldValueInvalid' && IMMUTABLE_END.test(said);
    })
  );
}

/** Kinds whose deletion takes more with it than the object: other objects, or data. */
const KEPT_KINDS: Readonly<Record<string, string>> = {
  'apiextensions.k8s.io/CustomResourceDefinition': 'all objects of its kind',
  '/Namespace': 'all objects in it',
  '/PersistentVolumeClaim': 'the data in it',
  '/PersistentVolume': 'the data in it',
};

/** Why no plan deletes an object of the kind to create it anew; `undefined`: a plan may. */
export function keptKind({ apiVersion, kind }: Pick<ObjectRef, 'apiVersion' | 'kind'>): string | undefined {
  const key = `${parseApiVersion(apiVersion).group}/${kind}`;
  const lost = Object.hasOwn(KEPT_KINDS, key) ? KEPT_KINDS[key] : undefined;
  return lost === undefined
    ? undefined
    : `typekro deletes no ${kind} to create it anew, since ${lost} would go with it`;
}

/** Why no plan deletes a child that its instance does not own yet. */
export const NOT_OF_INSTANCE =
  'typekro deletes only objects of the instance to create them anew, and another client made this one';

/** Why a live object of a file stays: another client made it, or another object owns it. `undefined`: it may be deleted. */
export function keptLive({ metadata }: KubeObject): string | undefined {
  const { ownerReferences = [], labels = {}, managedFields = [] } = metadata;
  const owner = ownerReferences.find(({ controller }) => controller === true);
  if (owner !== undefined) return `typekro deletes no object of ${owner.kind} ${owner.name} to create it anew`;
  if (Object.hasOwn(labels, keys.PART_OF_LABEL)) return 'typekro deletes no object of an instance to create it anew';
  const isOwn = managedFields.some(
    (entry) => isJsonObject(entry) && entry['manager'] === FILE_MANAGER && entry['operation'] === 'Apply',
  );
  return isOwn
    ? undefined
    : 'typekro deletes only objects that it has applied to create them anew, and another client made this one';
}

/** What the server says, and why the object is not replaced. */
export function refusalText(failure: ApiFailure, kept: string | undefined): string {
  return kept === undefined ? failureText(failure) : `${failureText(failure)}; ${kept}`;
}
