import type { JsonValue } from '@typekro/kit/core';
import { goJson } from '@typekro/kit/golang';
import { fieldErrors } from '@typekro/kit/kubernetes';

/** A step of a field path: a member, an index, or the key of a map. */
export type PathPart = string | number | { readonly key: string };

/** A path as Kubernetes writes it: `spec.ports[0].name`, `metadata.labels[a.b]`; the empty path is `<nil>`. */
export function fieldPath(parts: readonly PathPart[]): string {
  if (parts.length === 0) return '<nil>';
  let text = '';
  for (const part of parts) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (typeof part === 'string') text += text === '' ? part : `.${part}`;
    else text += `[${part.key}]`;
  }
  return text;
}

/**
 * Constructors of field errors for custom resources. Members are printed in sorted order, because custom resources are
 * maps in Go.
 */
export const { required, invalid, typeInvalid, notSupported, duplicate, forbidden, tooLong, tooMany } = fieldErrors(
  (value) => goJson(value as JsonValue),
);
