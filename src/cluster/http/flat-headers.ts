import type { IncomingMessage } from 'node:http';

const isImpersonation = (name: string): boolean =>
  name === 'impersonate-group' || name.startsWith('impersonate-extra-');

/** Headers by name in lower case. The values of a repeated impersonation header are joined by newlines. */
export function flatHeaders(
  request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>,
): Readonly<Record<string, string | undefined>> {
  const { headers } = request;
  let flat: Record<string, string | undefined> | undefined;
  let values: ReadonlyMap<string, string[]> | undefined;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    const isSeparate = isImpersonation(name);
    if (!isSeparate && !Array.isArray(value)) continue;
    flat ??= { ...(headers as Record<string, string | undefined>) };
    if (isSeparate) values ??= impersonationValues(request.rawHeaders);
    flat[name] = isSeparate ? (values?.get(name) ?? []).join('\n') : (value as string[]).join(', ');
  }
  return flat ?? (headers as Record<string, string | undefined>);
}

/**
 * The values of the lines of each impersonation header, by name in lower case. Node's `headersDistinct` has them too,
 * but in older releases (CVE-2026-21710) it throws when a client sends a header with the name `__proto__`. Each line is
 * read once: a client without credentials may send many such headers.
 */
function impersonationValues(rawHeaders: readonly string[]): ReadonlyMap<string, string[]> {
  const values = new Map<string, string[]>();
  rawHeaders.forEach((value, index) => {
    const name = index % 2 === 1 ? (rawHeaders[index - 1] ?? '').toLowerCase() : '';
    if (!isImpersonation(name)) return;
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  });
  return values;
}
