import type { JsonValue } from '@typekro/kit/core';
import type { ValueChange } from '@typekro/sdk/deploy';
import { keys, Secrets } from '@typekro/engine/runtime';
import type { ValueLine } from '@typekro/controller/inspect';
import { isAtOrInside } from '../instance/immutable-fields.ts';

/** Matches the path of a label or an annotation whose key is in brackets, such as a key with a slash. */
const MARK = /^metadata\.(?:labels|annotations)\["([^"]+)"\]/;

/** Is the field a label or an annotation that only controllers write? */
export function isOfController(path: string): boolean {
  const key = MARK.exec(path)?.[1];
  return key !== undefined && (keys.isReservedKey(key) || key.startsWith('applyset.kubernetes.io/'));
}

/** Makes the line for a change. Masks values that can come from a Secret. */
export function valueLine(
  { path, from, to }: ValueChange,
  isSecret: (path: string) => boolean,
  immutable: readonly string[] = [],
): ValueLine {
  const secret = isSecret(path);
  const isImmutable = immutable.some((field) => isAtOrInside(path, field));
  const shown = (value: JsonValue): JsonValue => (secret ? Secrets.MASK : value);
  return {
    path,
    ...(from === undefined ? {} : { from: shown(from) }),
    ...(to === undefined ? {} : { to: shown(to) }),
    ...(secret ? { secret: true as const } : {}),
    ...(isImmutable ? { immutable: true as const } : {}),
  };
}
