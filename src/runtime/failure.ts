import type { ApiFailure } from './model.ts';

/** A failure as it stands in a condition: the API's message, and the rule to add where a right is missing. */
export function failureText(failure: ApiFailure): string {
  const { permission, message } = failure;
  if (permission === undefined) return message;
  const group = permission.group === '' ? '""' : `"${permission.group}"`;
  const rule = `{apiGroups: [${group}], resources: ["${permission.resource}"], verbs: ["${permission.verb}"]}`;
  return `${message} (missing permission; add the rule ${rule}${permission.user === undefined ? '' : ` for ${permission.user}`})`;
}
