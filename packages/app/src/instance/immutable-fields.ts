import type { KubeError } from '@typekro/kube';

/**
 * Matches the end of a cause's message about an immutable field. After its leading colon, the matched part contains no
 * quotes, braces or colons. So it cannot begin inside the field's value, which the message quotes before it.
 */
const IMMUTABLE_END = /(?:^|: )(?:(?:field|value) is immutable(?: [^:"{}]*)?|may not change once set)$/i;
const FORBIDDEN_UPDATE = /^Forbidden: updates to [^:"{}]* are forbidden$/;

/**
 * Does the server refuse a change only because of immutable fields? All causes of the Status must be about such fields,
 * because any other cause would also refuse a new object. The result is false for a denial by a policy or a webhook,
 * even if its message contains the same words. A policy names no field, and the message about a webhook begins with
 * `admission webhook`.
 */
export function isImmutableRefusal({ status, reason, message, details: { causes } }: KubeError): boolean {
  if (status !== 422 || reason !== 'Invalid' || message.startsWith('admission webhook ')) return false;
  return (
    causes.length > 0 &&
    causes.every(({ field = '', reason: why, message: text = '' }) => {
      if (field === '') return false;
      if (why === 'FieldValueForbidden') return IMMUTABLE_END.test(text) || FORBIDDEN_UPDATE.test(text);
      return why === 'FieldValueInvalid' && IMMUTABLE_END.test(text);
    })
  );
}

/** Finds the immutable fields that the server's message about a refused change names. */
export function immutableFields(message: string): readonly string[] {
  return Array.from(
    message.matchAll(/([A-Za-z][\w.[\]"/-]*): (?:Invalid value|Forbidden)/g),
    ([, field = '']) => field,
  );
}

/** Is the path of a field that of `outer`, or of a field inside it: a member or an item? */
export const isAtOrInside = (path: string, outer: string): boolean =>
  path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
