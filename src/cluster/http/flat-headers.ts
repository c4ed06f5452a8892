import type { IncomingMessage } from 'node:http';

/** Does an impersonation have several values of this header? */
const isMultiValued = (name: string): boolean => name === 'impersonate-group' || name.startsWith('impersonate-extra-');

/** As in kube-apiserver, only the first value of such a header counts. */
const isFirstValued = (name: string): boolean => name === 'impersonate-user' || name === 'impersonate-uid';

const isSeparate = (name: string): boolean => isMultiValued(name) || isFirstValued(name);

/**
 * Headers by name in lower case. The values of a repeated header are joined by commas. A value of an impersonation header
 * may contain a comma: groups and extra values are joined by newlines, and a user and a UID are the first value.
 */
export function flatHeaders(
  request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>,
): Readonly<Record<string, string | undefined>> {
  const { headers } = request;
  let flat: Record<string, string | undefined> | undefined;
  let values: ReadonlyMap<string, string[]> | undefined;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (isSeparate(name)) {
      values ??= separateValues(request.rawHeaders);
      const own = values.get(name) ?? [];
      flat ??= { ...(headers as Record<string, string | undefined>) };
      flat[name] = isMultiValued(name) ? own.join('\n') : own[0];
    } else if (Array.isArray(value)) {
      flat ??= { ...(headers as Record<string, string | undefined>) };
      flat[name] = value.join(', ');
    }
  }
  return flat ?? (headers as Record<string, string | undefined>);
}

/**
 * The values of the lines of each impersonation header, by name in lower case. Node's `headersDistinct` has them too,
 * but in older releases (CVE-2026-21710) it throws when a client sends a header with the name `__proto__`. All lines are
 * read in one pass, because an unauthenticated client may send many such headers, and one pass for each name would be
 * quadratic.
 */
function separateValues(rawHeaders: readonly string[]): ReadonlyMap<string, string[]> {
  const values = new Map<string, string[]>();
  rawHeaders.forEach((value, index) => {
    const name = index % 2 === 1 ? (rawHeaders[index - 1] ?? '').toLowerCase() : '';
    if (!isSeparate(name)) return;
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  });
  return values;
}
