import { goQuote } from '@typekro/kit/golang';
import type { AuditEvent, AuditUser } from '../audit-options.ts';

const groupsOf = (groups: AuditUser['groups']): string => (groups ?? []).map((group) => goQuote(group)).join(',');

/**
 * Formats an event as a line of text in the format `legacy` of kube-apiserver. The line contains only a part of the
 * event.
 */
export function legacyLine(event: AuditEvent): string {
  const { user, impersonatedUser, objectRef, responseStatus } = event;
  const { username = '', groups = [] } = user;
  const fields: readonly (readonly [string, string])[] = [
    ['id', event.auditID],
    ['stage', event.stage],
    ['ip', event.sourceIPs?.[0] ?? '<unknown>'],
    ['method', event.verb],
    ['user', username === '' ? '<none>' : username],
    ['groups', username === '' || groups.length === 0 ? '<none>' : groupsOf(groups)],
    ['as', impersonatedUser?.username ?? '<self>'],
    ['asgroups', impersonatedUser?.groups === undefined ? '<lookup>' : groupsOf(impersonatedUser.groups)],
    ['user-agent', event.userAgent ?? ''],
    ['namespace', objectRef?.namespace ?? '<none>'],
    ['uri', event.requestURI],
    ['response', responseStatus === undefined ? '<deferred>' : String(responseStatus['code'])],
  ];
  const shown = fields.map(([name, value]) => `${name}=${goQuote(value)}`).join(' ');
  return `${shortTime(event.requestReceivedTimestamp)} AUDIT: ${shown}`;
}

/** Formats a time as Go's `RFC3339Nano`, which has no trailing zeros in the fraction. */
const shortTime = (time: string): string => time.replace(/\.?0*Z$/, 'Z');
