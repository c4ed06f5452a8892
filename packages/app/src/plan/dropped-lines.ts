import { type JsonValue, type KubeObject, isJsonObject, jsonEquals } from '@typekro/kit/core';
import type { ValueLine } from '@typekro/controller/inspect';
import type { PathStep } from '@typekro/engine/graph';
import { schemaInCrd } from './schema-fields.ts';

/**
 * Returns the values that the server drops because the new schema lacks their fields. A value that equals the old
 * default is left out, because it usually comes from the default and not from the user.
 */
export function droppedLines(
  instance: KubeObject,
  dropped: readonly string[],
  crd: KubeObject | undefined,
): ValueLine[] {
  return dropped.flatMap((path) => {
    const found = findField(instance, path);
    if (found === undefined) return [{ path }];
    const defaultValue = crd === undefined ? undefined : schemaInCrd(crd, found.steps)?.default;
    if (defaultValue !== undefined && jsonEquals(found.value, defaultValue)) return [];
    return [{ path, from: found.value }];
  });
}

/** A value in an object, with the steps to it. */
interface FoundField {
  readonly value: JsonValue;
  readonly steps: readonly PathStep[];
}

/**
 * Finds the value at a Kubernetes field path such as `spec.list[0].x`. A key in such a path can itself contain dots and
 * brackets.
 */
function findField(
  value: JsonValue | undefined,
  path: string,
  steps: readonly PathStep[] = [],
): FoundField | undefined {
  if (path === '') return value === undefined ? undefined : { value, steps };
  if (Array.isArray(value)) {
    const [start, index] = /^\[(\d+)\]\.?/.exec(path) ?? [];
    const at = Number(index);
    return start === undefined ? undefined : findField(value[at], path.slice(start.length), [...steps, at]);
  }
  if (!isJsonObject(value)) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const rest = path.startsWith(key) ? path.slice(key.length) : undefined;
    if (rest === undefined || !/^(?:$|[.[])/.test(rest)) continue;
    const found = findField(member, rest.replace(/^\./, ''), [...steps, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}
