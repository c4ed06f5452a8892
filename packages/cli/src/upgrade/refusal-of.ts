import type { Diagnostic } from '@typekro/kit/core';
import type { Refusal } from './upgrade-check.ts';

/** Converts the errors of a compilation to a refusal: the first error, and the other errors in `more`. */
export function upgradeRefusal(diagnostics: readonly Diagnostic[]): Refusal & { readonly more?: readonly Refusal[] } {
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const [first, ...more] = errors.map(({ code, message, path, hint }): Refusal => {
    const place = path === undefined ? '' : `${path}: `;
    return { refusal: `${place}${message} [${code}]`, ...(hint === undefined ? {} : { hint }) };
  });
  if (first === undefined) return { refusal: 'it does not compile' };
  return { ...first, ...(more.length === 0 ? {} : { more }) };
}
