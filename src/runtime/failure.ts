import type { FailureClass } from '../kubernetes/index.ts';
import { classify } from '../kubernetes/index.ts';
import type { ApiFailure, MissingPermission } from './report.ts';

/** Verbs that are of no use alone: what is read is listed and watched, what is applied may have to be created. */
const TOGETHER: ReadonlyMap<string, readonly string[]> = new Map([
  ['list', ['list', 'watch']],
  ['watch', ['list', 'watch']],
  ['create', ['create', 'patch']],
  ['patch', ['create', 'patch']],
]);

/**
 * How an API server words that an authorizer refused: the only thing that tells it from quotas, admission webhooks
 * and namespaces that are being deleted, which answer 403 as well, and where a rule would not help.
 */
const REFUSAL = /cannot (\S+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)")?/;

/** The right that is missing, when an answer of the API server is about one. */
export function missingRight(status: number, message: string): MissingPermission | undefined {
  const match = status === 403 ? REFUSAL.exec(message) : null;
  if (match === null) return undefined;
  const [, verb = '', resource = '', group = '', namespace] = match;
  return { verb, group, resource, ...(namespace === undefined ? {} : { namespace }) };
}

/** What a failure tells about the next request. */
export function failureClass({ code, reason, message }: ApiFailure): FailureClass {
  return classify({ status: code, reason, message });
}

/** Does the server refuse the very object, so that the same request would be refused again? */
export function isRefusal(failure: ApiFailure): boolean {
  return failureClass(failure) === 'refused';
}

/** A failure as it stands in a condition: the API's message, and the rule to add where a right is missing. */
export function failureText({ permission, message }: ApiFailure): string {
  if (permission === undefined) return message;
  const user = permission.user === undefined ? '' : ` for ${permission.user}`;
  const where = permission.namespace === undefined ? '' : ` in namespace ${permission.namespace}`;
  return `${message} (missing permission; add the rule ${ruleText(permission)}${user}${where})`;
}

/** The rule of a role that gives a missing right. */
function ruleText({ group, resource, verb, name }: MissingPermission): string {
  const whole = resource.includes('/') ? [verb] : (TOGETHER.get(verb) ?? [verb]);
  const verbs = whole.map((text) => `"${text}"`).join(', ');
  const names = verb === 'impersonate' && name !== undefined ? `, resourceNames: ["${name}"]` : '';
  return `{apiGroups: ["${group}"], resources: ["${resource}"], verbs: [${verbs}]${names}}`;
}
