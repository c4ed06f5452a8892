import type { KubeError } from '../../kube/index.ts';
import type { ApiFailure, MissingPermission } from '../../runtime/index.ts';

/**
 * How an API server words that an authorizer refused: the only thing that tells it from quotas, admission webhooks
 * and namespaces that are being deleted, which answer 403 as well, and where a rule would not help.
 */
const REFUSAL = /cannot (\S+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)")?/;

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
  const match = status === 403 ? REFUSAL.exec(message) : null;
  if (match === null) return undefined;
  const [, verb = '', resource = '', group = '', namespace] = match;
  const where = namespace === undefined ? {} : { namespace };
  // To act for somebody else is the controller's own right.
  if (verb === 'impersonate') {
    return { verb, group, resource, ...where, ...(details.name === undefined ? {} : { name: details.name }) };
  }
  return { verb, group, resource, ...where, ...(user === undefined ? {} : { user }) };
}
