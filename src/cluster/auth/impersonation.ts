import type { Api } from '../api.ts';
import { ApiError, badRequest } from '../http/status.ts';
import type { UserInfo } from '../options.ts';
import { authorize } from './authorizer.ts';

const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

/** Values of a header that may occur several times; listeners join them with line ends. */
const values = (text: string | undefined): string[] =>
  text === undefined
    ? []
    : text
        .split(/\n|,\s*/)
        .map((entry) => entry.trim())
        .filter((entry) => entry !== '');

/** Whom the headers ask to act for; the user himself when there are none. Throws 403. */
export function impersonate(api: Api, user: UserInfo, headers: Readonly<Record<string, string | undefined>>): UserInfo {
  const name = headers['impersonate-user'];
  const groups = values(headers['impersonate-group']);
  const extra = extraOf(headers);
  if (name === undefined) {
    if (groups.length > 0 || Object.keys(extra).length > 0)
      throw badRequest('requested [{Group}] without impersonating a user');
    return user;
  }
  const account = ACCOUNT.exec(name);
  if (account === null) check(api, user, '', 'users', '', name);
  else check(api, user, '', 'serviceaccounts', account[1] ?? '', account[2] ?? '');
  for (const group of groups) check(api, user, '', 'groups', '', group);
  for (const [key, list] of Object.entries(extra))
    for (const value of list) check(api, user, 'authentication.k8s.io', `userextras/${key}`, '', value);
  const implied =
    account === null || groups.length > 0 ? groups : ['system:serviceaccounts', `system:serviceaccounts:${account[1]}`];
  const anonymous = name === 'system:anonymous';
  const own = anonymous ? 'system:unauthenticated' : 'system:authenticated';
  return {
    name,
    groups: implied.includes(own) ? implied : [...implied, own],
    ...(headers['impersonate-uid'] === undefined ? {} : { uid: headers['impersonate-uid'] }),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

function extraOf(headers: Readonly<Record<string, string | undefined>>): Record<string, string[]> {
  const extra: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('impersonate-extra-'))
      extra[decodeURIComponent(name.slice('impersonate-extra-'.length))] = values(value);
  }
  return extra;
}

function check(api: Api, user: UserInfo, group: string, resource: string, namespace: string, name: string) {
  const [plural = '', subresource = ''] = resource.split('/');
  const verdict = authorize(api, user, { verb: 'impersonate', group, resource: plural, subresource, namespace, name });
  if (verdict.allowed) return;
  const type = group === '' ? plural : `${plural}.${group}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  throw new ApiError({
    code: 403,
    reason: 'Forbidden',
    message: `${type} ${JSON.stringify(name)} is forbidden: User ${JSON.stringify(user.name)} cannot impersonate resource ${JSON.stringify(resource)} in API group ${JSON.stringify(group)} ${where}${verdict.reason === '' ? '' : `: ${verdict.reason}`}`,
    details: { ...(name === '' ? {} : { name }), ...(group === '' ? {} : { group }), kind: plural },
  });
}
