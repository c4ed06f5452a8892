import type { JsonObject, JsonValue } from '@typekro/kit/core';
import type { UserInfo } from '../options.ts';

/** Converts a user to the `UserInfo` of `authentication.k8s.io/v1`. */
export function userJson({ name, uid, groups, extra = {} }: UserInfo): JsonObject {
  const values = Object.entries(extra).map(([key, list]) => [key, [...list] as JsonValue] as const);
  return {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    groups: [...groups],
    ...(values.length === 0 ? {} : { extra: Object.fromEntries(values) }),
  };
}
