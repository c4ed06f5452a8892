import type { IncomingMessage } from 'node:http';

/** Can this impersonation header have several values? */
const isMultiValued = (name: string): boolean => name === 'impersonate-group' || name.startsWith('impersonate-extra-');

/**
 * Headers, keyed by lower-case name. The values of a repeated header are joined by commas. Impersonation headers with
 * several values are different, because their values may contain commas: groups and extra values are joined by newlines.
 */
export function flatHeaders(
  request: Pick<IncomingMessage, 'headers' | 'rawHeaders'>,
): Readonly<Record<string, string | undefined>> {
  const { headers } = request;
  let flat: Record<string, string | undefined> | undefined;
  let values: ReadonlyMap<string, string[]> | undefined;
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (isMultiValued(name)) {
      values ??= separateValues(request.rawHeaders);
      flat ??= { ...(headers as Record<string, string | undefined>) };
      flat[name] = (values.get(name) ?? []).join('\n');
    } else if (Array.isArray(value)) {
      flat ??= { ...(headers as Record<string, string | undefined>) };
      flat[name] = value.join(', ');
    }
  }
  return flat ?? (headers as Record<string, string | undefined>);
}

/**
 * Maps the lower-case name of an impersonation header to the list of its values. Node's `headersDistinct` has the same
 * values, but older releases throw when a client sends a header named `__proto__` (CVE-2026-21710). All lines are read
 * in one pass. An unauthenticated client may send many such headers, and one pass per name would take quadratic time.
 */
function separateValues(rawHeaders: readonly string[]): ReadonlyMap<string, string[]> {
  const values = new Map<string, string[]>();
  rawHeaders.forEach((value, index) => {
    const name = index % 2 === 1 ? (rawHeaders[index - 1] ?? '').toLowerCase() : '';
    if (!isMultiValued(name)) return;
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  });
  return values;
}
