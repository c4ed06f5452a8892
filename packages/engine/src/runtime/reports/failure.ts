import type { Graph } from '../../graph/index.ts';
import { type FailureClass, classify } from '@typekro/kit/kubernetes';
import { type ForeignItem, foreignItemsText } from '../objects/foreign-items.ts';
import type { ApiFailure, MissingPermission } from '../report.ts';

/**
 * Maps a verb to all verbs that the same operation needs: a watch begins with a list, and an apply can create the
 * object.
 */
const TOGETHER: ReadonlyMap<string, readonly string[]> = new Map([
  ['list', ['list', 'watch']],
  ['watch', ['list', 'watch']],
  ['create', ['create', 'patch']],
  ['patch', ['create', 'patch']],
]);

/**
 * Matches the message of an authorizer's refusal. Quotas, admission webhooks and terminating namespaces also cause a
 * 403, but there an RBAC rule does not help. Only the message shows the difference.
 */
const REFUSAL = /cannot (\S+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)")?/;

/** The missing permission, if the API server's response names one. */
export function missingRight(status: number, message: string): MissingPermission | undefined {
  const match = status === 403 ? REFUSAL.exec(message) : null;
  if (match === null) return undefined;
  const [, verb = '', resource = '', group = '', namespace] = match;
  return { verb, group, resource, ...(namespace === undefined ? {} : { namespace }) };
}

/** The class of a failure, which decides whether the request is retried. */
export function failureClass({ code, reason, message }: ApiFailure): FailureClass {
  return classify({ status: code, reason, message });
}

/**
 * Does the server refuse the request because of its content or a missing permission? Such a request fails again when it
 * is repeated.
 */
export function isRefusal(failure: ApiFailure): boolean {
  return failureClass(failure) === 'refused';
}

/**
 * The message about a failed request for users: the API server's message, followed by the RBAC rule to add if a
 * permission is missing, or by the foreign items that can be the cause of a refusal.
 */
export function failureText({ permission, message }: ApiFailure, foreign: readonly ForeignItem[] = []): string {
  if (foreign.length > 0) return `${message}; ${foreignItemsText(foreign)}`;
  if (permission === undefined) return message;
  const user = permission.user === undefined ? '' : ` for ${permission.user}`;
  const where = permission.namespace === undefined ? '' : ` in namespace ${permission.namespace}`;
  return `${message} (missing permission; add the rule ${ruleText(permission)}${user}${where})`;
}

/**
 * The message with which a condition reports a failed request. The conditions of a Graph have only the server's
 * message, as in kro; the controller records the missing permission as an event.
 */
export function conditionFailureText(
  { definedBy }: Pick<Graph, 'definedBy'>,
  failure: ApiFailure,
  foreign: readonly ForeignItem[] = [],
): string {
  return definedBy === 'graph' && foreign.length === 0 ? failure.message : failureText(failure, foreign);
}

/** The RBAC rule that grants a missing permission. */
function ruleText({ group, resource, verb, name }: MissingPermission): string {
  const whole = resource.includes('/') ? [verb] : (TOGETHER.get(verb) ?? [verb]);
  const verbs = whole.map((text) => `"${text}"`).join(', ');
  const names = verb === 'impersonate' && name !== undefined ? `, resourceNames: ["${name}"]` : '';
  return `{apiGroups: ["${group}"], resources: ["${resource}"], verbs: [${verbs}]${names}}`;
}

/** What a failed request means. */
export const Failure = { missingRight, classOf: failureClass, isRefusal, text: failureText };
