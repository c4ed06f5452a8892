import { type KubeObject, canonicalJson, formatRef, objectName, refOf } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import { objectsAt } from '@typekro/kit/kubernetes';
import { sha256Digest } from '@typekro/oci';
import { grantedActions } from '../doctor/cluster-facts.ts';
import { rightsText } from '../doctor/checks/check-rights.ts';

/** The kinds of objects that grant rights. */
const RIGHTS_KINDS: ReadonlySet<string> = new Set(['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding']);

/** Does the object grant rights? */
export const isRightsObject = ({ apiVersion, kind }: KubeObject): boolean =>
  apiVersion === 'rbac.authorization.k8s.io/v1' && RIGHTS_KINDS.has(kind);

/** The digest of the objects that grant rights, in any order. */
export function rightsDigest(objects: readonly KubeObject[]): string {
  const sorted = objects.toSorted((a, b) => compareText(formatRef(refOf(a)), formatRef(refOf(b))));
  return sha256Digest(Buffer.from(canonicalJson(sorted)));
}

/** One line for each role, with what it allows. */
export const rightsLines = (objects: readonly KubeObject[]): string[] =>
  objects.flatMap((object) => {
    const actions = grantedActions(objectsAt(object, 'rules'));
    return actions.length === 0 ? [] : [`${objectName(refOf(object))}: ${rightsText(actions)}`];
  });
