import type { Graph } from '../graph/index.ts';
import type { FailureClass } from '../kubernetes/index.ts';
import { classify } from '../kubernetes/index.ts';
import type { ApiFailure, MissingPermission } from './report.ts';

/** Verbs that a client needs together: a read lists and watches, and an apply may create. */
const TOGETHER: ReadonlyMap<string, readonly string[]> = new Map([
  ['list', ['list', 'watch']],
  ['watch', ['list', 'watch']],
  ['create', ['create', 'patch']],
  ['patch', ['create', 'patch']],
]);

/**
 * The text of an authorizer's refusal. Quotas, admission webhooks and terminating namespaces also cause a 403, but an
 * RBAC rule does not help there; only this text shows the difference.
 */
const REFUSAL = /cannot (\S+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)")?/;

/** The missing right, when an answer of the API server names one. */
export function missingRight(status: number, message: string): MissingPermission | undefined {
  const match = status === 403 ? REFUSAL.exec(message) : null;
  if (match === null) return undefined;
  const [, verb = '', resource = '', group = '', namespace] = match;
  return { verb, group, resource, ...(namespace === undefined ? {} : { namespace }) };
}

/** The class of a failure, which decides about a retry. */
export function failureClass({ code, reason, message }: ApiFailure): FailureClass {
  return classify({ status: code, reason, message });
}

/**
 * Does the server refuse the request because of its content or a missing right? The same request would then fail again.
 */
export function isRefusal(failure: ApiFailure): boolean {
  return failureClass(failure) === 'refused';
}

/** A failure's text in a condition: the API's message, and the rule to add where a right is missing. */
export function failureText({ permission, message }: ApiFailure): string {
  if (permission === undefined) return message;
  const user = permission.user === undefined ? '' : ` for ${permission.user}`;
  const where = permission.namespace === undefined ? '' : ` in namespace ${permission.namespace}`;
  return `${message} (missing permission; add the rule ${ruleText(permission)}${user}${where})`;
}

/**
 * The text about a failed request for the condition of an instance. The conditions of a Graph have the server's words
 * alone, as in kro; the controller records the missing right as an event.
 */
export function conditionFailureText({ definedBy }: Pick<Graph, 'definedBy'>, failure: ApiFailure): string {
  return definedBy === 'graph' ? failure.message : failureText(failure);
}

/** The role's rule that grants a missing right. */
function ruleText({ group, resource, verb, name }: MissingPermission): string {
  const whole = resource.includes('/') ? [verb] : (TOGETHER.get(verb) ?? [verb]);
  const verbs = whole.map((text) => `"${text}"`).join(', ');
  const names = verb === 'impersonate' && name !== undefined ? `, resourceNames: ["${name}"]` : '';
  return `{apiGroups: ["${group}"], resources: ["${resource}"], verbs: [${verbs}]${names}}`;
}
