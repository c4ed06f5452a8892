import type { JsonValue } from '../../core/index.ts';
import { goTypeOf } from '../../golang/index.ts';
import { CelValue } from '../values.ts';

/**
 * The type of a piece of data in kro's messages: the Go type into which kro decodes JSON, or the type of a CEL value.
 */
export function goTypeName(data: unknown): string {
  if (data instanceof Uint8Array) return '[]uint8';
  return data instanceof CelValue ? data.typeName : goTypeOf(data as JsonValue | undefined);
}
