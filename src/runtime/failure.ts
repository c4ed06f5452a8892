import type { ApiFailure, MissingPermission } from './model.ts';

/** Verbs that are of no use alone: what is read is listed and watched, what is applied may have to be created. */
const TOGETHER: ReadonlyMap<string, readonly string[]> = new Map([
  ['list', ['list', 'watch']],
  ['watch', ['list', 'watch']],
  ['create', ['create', 'patch']],
  ['patch', ['create', 'patch']],
]);

/** A failure as it stands in a condition: the API's message, and the rule to add where a right is missing. */
export function failureText({ permission, message }: ApiFailure): string {
  if (permission === undefined) return message;
  const user = permission.user === undefined ? '' : ` for ${permission.user}`;
  const where = permission.namespace === undefined ? '' : ` in namespace ${permission.namespace}`;
  return `${message} (missing permission; add the rule ${ruleText(permission)}${user}${where})`;
}

/** The rule of a role that gives a missing right. */
function ruleText({ group, resource, verb, name }: MissingPermission): string {
  const verbs = (TOGETHER.get(verb) ?? [verb]).map((text) => `"${text}"`).join(', ');
  const names = verb === 'impersonate' && name !== undefined ? `, resourceNames: ["${name}"]` : '';
  return `{apiGroups: ["${group}"], resources: ["${resource}"], verbs: [${verbs}]${names}}`;
}
