import type { JsonObject, JsonValue } from '../core/index.ts';
import { asTexts } from './object-fields.ts';

/** An action on a resource. */
export interface ResourceAction {
  readonly verb: string;
  /** The API group; `''` for the core group. */
  readonly group: string;
  /** The plural name of the resource. */
  readonly resource: string;
  /** The subresource; `''` for the resource itself. */
  readonly subresource: string;
  /** The name of the object; `''` for an action that names no object, such as `list`. */
  readonly name: string;
}

/** Does a role's rule allow the action? `*` stands for all verbs, groups or resources, as in RBAC. */
export function ruleAllows(rule: JsonObject, action: ResourceAction): boolean {
  const { verb, group, resource, subresource, name } = action;
  if (!includes(rule['verbs'], verb) || !includes(rule['apiGroups'], group)) return false;
  const isNamed =
    includes(rule['resources'], subresource === '' ? resource : `${resource}/${subresource}`) ||
    (subresource !== '' && includes(rule['resources'], `*/${subresource}`));
  if (!isNamed) return false;
  const names = asTexts(rule['resourceNames']);
  return names.length === 0 || names.includes(name);
}

const includes = (list: JsonValue | undefined, value: string): boolean =>
  Array.isArray(list) && (list.includes('*') || list.includes(value));
