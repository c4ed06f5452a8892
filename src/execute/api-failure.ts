import { KubeError } from '../kube/index.ts';
import type { ApiFailure, MissingPermission } from '../runtime/index.ts';
import { failureText, isRefusal, missingRight } from '../runtime/index.ts';

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

/** Why the API server will not take a write of the controller's own, in words; `undefined` for what is worth another try. */
export function writeRefusalText(thrown: unknown): string | undefined {
  const failure = thrown instanceof KubeError ? apiFailure(thrown, undefined) : undefined;
  return failure !== undefined && isRefusal(failure) ? failureText(failure) : undefined;
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
