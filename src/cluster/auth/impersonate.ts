import { goQuote } from '../../golang/index.ts';
import { badRequest } from '../errors/status.ts';
import type { UserInfo } from '../options.ts';
import { refusal } from './authorize.ts';
import type { Attributes, RoleContext } from './authorizer.ts';
import { authorize } from './authorizer.ts';

const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

/** The values of a header. When a header occurs several times, a listener joins its values with newlines. */
const values = (text: string | undefined): string[] =>
  text === undefined
    ? []
    : text
        .split(/\n|,\s*/)
        .map((entry) => entry.trim())
        .filter((entry) => entry !== '');

/**
 * The user that the headers of a request ask to impersonate. Without such headers: the user of the request. Throws 403
 * when a right is missing; the error names the action `request`. Throws 400 when the headers have no user name.
 */
export function impersonate(
  context: RoleContext,
  user: UserInfo,
  headers: Readonly<Record<string, string | undefined>>,
  request: Attributes,
): UserInfo {
  const name = headers['impersonate-user'];
  const uid = headers['impersonate-uid'];
  const groups = values(headers['impersonate-group']);
  const extra = extraOf(headers);
  if (name === undefined) {
    if (groups.length > 0 || uid !== undefined || Object.keys(extra).length > 0)
      throw badRequest(`requested ${shownUser(uid, groups, extra)} without impersonating a user name`);
    return user;
  }
  const account = ACCOUNT.exec(name);
  const may = (group: string, resource: string, subresource: string, namespace: string, value: string) => {
    const attributes = { verb: 'impersonate', group, resource, subresource, namespace, name: value };
    if (authorize(context, user, attributes).allowed) return;
    const mode = account !== null ? 'serviceaccount' : name.startsWith('system:node:') ? 'arbitrary-node' : 'user-info';
    throw refusal(user, { ...request, verb: `impersonate-on:${mode}:${request.verb}` }, '');
  };
  if (account === null) may('', 'users', '', '', name);
  else may('', 'serviceaccounts', '', account[1] ?? '', account[2] ?? '');
  for (const group of groups) may('', 'groups', '', '', group);
  if (uid !== undefined) may('authentication.k8s.io', 'uids', '', '', uid);
  for (const [key, list] of Object.entries(extra))
    for (const value of list) may('authentication.k8s.io', 'userextras', key, '', value);
  const implied =
    account === null || groups.length > 0 ? groups : ['system:serviceaccounts', `system:serviceaccounts:${account[1]}`];
  const unknown = name === 'system:anonymous' || implied.includes('system:unauthenticated');
  const own = unknown ? 'system:unauthenticated' : 'system:authenticated';
  return {
    name,
    groups: implied.includes(own) ? implied : [...implied, own],
    ...(uid === undefined ? {} : { uid }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

/** Formats a user without a name as the API server does. */
function shownUser(uid: string | undefined, groups: readonly string[], extra: Record<string, string[]>): string {
  const strings = (list: readonly string[]) => `[]string{${list.map((text) => JSON.stringify(text)).join(', ')}}`;
  const entries = Object.entries(extra).map(([key, list]) => `${goQuote(key)}:${strings(list)}`);
  const shownGroups = groups.length === 0 ? '[]string(nil)' : strings(groups);
  const shownExtra = entries.length === 0 ? '(nil)' : `{${entries.join(', ')}}`;
  return `&user.DefaultInfo{Name:"", UID:${goQuote(uid ?? '')}, Groups:${shownGroups}, Extra:map[string][]string${shownExtra}}`;
}

function extraOf(headers: Readonly<Record<string, string | undefined>>): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('impersonate-extra-'))
      extra[decodeURIComponent(name.slice('impersonate-extra-'.length))] = values(value);
  }
  return extra;
}
