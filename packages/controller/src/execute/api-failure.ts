import { definedMembers } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import { KubeError } from '@typekro/kube';
import { type Reports, Failure } from '@typekro/engine/runtime';

/**
 * Converts a client error to the runtime's form. For a 403, the result includes the missing right if the message names
 * it.
 */
export function apiFailure(error: KubeError, user: string | undefined): Reports.ApiFailure {
  const permission = permissionOf(error, user);
  const conflicts = conflictingManagers(error);
  const fields = [...new Set(error.details.causes.flatMap(({ field = '' }) => (field === '' ? [] : [field])))];
  return {
    code: error.status,
    reason: error.reason,
    message: error.message,
    ...(permission === undefined ? {} : { permission }),
    ...(conflicts.length === 0 ? {} : { conflicts }),
    ...(fields.length === 0 ? {} : { fields }),
  };
}

/**
 * Returns the error with another message. Its causes keep only reason and field, because their messages repeat parts of
 * the old message.
 */
export function withMessage(error: KubeError, message: string): KubeError {
  if (message === error.message) return error;
  const { status, reason, details, retryAfterMs, what, object } = error;
  const causes = details.causes.map(({ message: _quoted, ...cause }) => cause);
  return new KubeError(message, {
    status,
    reason,
    details: { ...details, causes },
    ...definedMembers({ what, object, retryAfterMs }),
  });
}

/** The managers of the fields that cause the conflict of a server-side apply; sorted. Empty for any other error. */
export function conflictingManagers({ details }: KubeError): readonly string[] {
  const names = details.causes.flatMap(({ reason, message = '' }) =>
    reason === 'FieldManagerConflict' ? (/^conflict with "((?:[^"\\]|\\.)*)"/.exec(message)?.[1] ?? []) : [],
  );
  return [...new Set(names)].sort(compareText);
}

/**
 * The reason why the API server refuses a write to the controller's own objects; `undefined` when a retry may succeed.
 */
export function writeRefusalText(thrown: unknown): string | undefined {
  const failure = thrown instanceof KubeError ? apiFailure(thrown, undefined) : undefined;
  return failure !== undefined && Failure.isRefusal(failure) ? Failure.text(failure) : undefined;
}

function permissionOf(
  { status, message, details }: KubeError,
  user: string | undefined,
): Reports.MissingPermission | undefined {
  const right = Failure.missingRight(status, message);
  if (right === undefined) return undefined;
  // The controller lacks the right to impersonate. The impersonated user does not need this right.
  if (right.verb === 'impersonate') return { ...right, ...(details.name === undefined ? {} : { name: details.name }) };
  return { ...right, ...(user === undefined ? {} : { user }) };
}
