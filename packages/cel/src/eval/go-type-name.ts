import type { JsonValue } from '@typekro/kit/core';
import { goTypeOf } from '@typekro/kit/golang';
import { CelValue } from '../values.ts';

/**
 * The type name of data in kro's messages. For JSON data, this is the Go type into which kro decodes the data. For a
 * CEL value, it is the CEL type.
 */
export function goTypeName(data: unknown): string {
  if (data instanceof Uint8Array) return '[]uint8';
  return data instanceof CelValue ? data.typeName : goTypeOf(data as JsonValue | undefined);
}
