import type { JsonObject } from '../core/index.ts';
import { asTexts } from './object-fields.ts';

/** An action on a resource. */
export interface ResourceAction {
  readonly verb: string;
  /** The API group; `''` for the core group. */
  readonly group: string;
  /** The plural of the resource. */
  readonly resource: string;
  /** The subresource; `''` for the resource itself. */
  readonly subresource: string;
  /** The name of the object; `''` for an action on no single object. */
  readonly name: string;
}

/** Does a rule of a role allow the action? `*` stands for all verbs, groups or resources, as in RBAC. */
export function ruleAllows(rule: JsonObject, action: ResourceAction): boolean {
  const { verb, group, resource, subresource, name } = action;
  if (!includes(asTexts(rule['verbs']), verb) || !includes(asTexts(rule['apiGroups']), group)) return false;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  const isNamed = asTexts(rule['resources']).some(
    (entry) => entry === '*' || entry === full || (subresource !== '' && entry === `*/${subresource}`),
  );
  if (!isNamed) return false;
  const names = asTexts(rule['resourceNames']);
  return names.length === 0 || names.includes(name);
}

const includes = (list: readonly string[], value: string): boolean => list.includes('*') || list.includes(value);
