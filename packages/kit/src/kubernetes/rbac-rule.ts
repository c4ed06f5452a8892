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

/** A verb on a resource, as a role's rule grants it. */
export interface GrantedAction {
  readonly verb: string;
  readonly group: string;
  /** The plural of the resource; a subresource follows after a slash: `pods/log`. */
  readonly resource: string;
  /** The name of the object; absent when the rule names none. */
  readonly name?: string;
}

/** The actions that rules grant: one per verb and resource, or per verb and named object. */
export function grantedActions(rules: readonly JsonObject[]): GrantedAction[] {
  return rules.flatMap((rule) => {
    const names = asTexts(rule['resourceNames']);
    const named = names.length === 0 ? [{}] : names.map((name) => ({ name }));
    return asTexts(rule['apiGroups']).flatMap((group) =>
      asTexts(rule['resources']).flatMap((resource) =>
        asTexts(rule['verbs']).flatMap((verb) => named.map((name) => ({ verb, group, resource, ...name }))),
      ),
    );
  });
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
