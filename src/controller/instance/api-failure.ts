import type { KubeError } from '../../kube/index.ts';
import type { ApiFailure, MissingPermission } from '../../runtime/index.ts';
import { missingRight } from '../../runtime/index.ts';

/** A client error as the runtime takes it; with the right that is missing when it is one of permission. */
export function apiFailure(error: KubeError, user: string | undefined): ApiFailure {
  const permission = permissionOf(error, user);
  return {
    code: error.status,
    reason: error.reason,
    message: error.message,
    ...(permission === undefined ? {} : { permission }),
  };
}

function permissionOf(
  { status, message, details }: KubeError,
  user: string | undefined,
): MissingPermission | undefined {
  const right = missingRight(status, message);
  if (right === undefined) return undefined;
  // To act for somebody else is the controller's own right.
  if (right.verb === 'impersonate') return { ...right, ...(details.name === undefined ? {} : { name: details.name }) };
  return { ...right, ...(user === undefined ? {} : { user }) };
}
