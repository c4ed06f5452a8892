import type { JsonValue, KubeObject } from '../../core/index.ts';
import { isJsonObject, jsonEquals } from '../../core/index.ts';
import type { ValueLine } from '../../inspect/index.ts';
import { schemaAt } from './definition-plan.ts';

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
    const value = valueAtField(instance as unknown as JsonValue, path);
    const defaultValue = crd === undefined ? undefined : schemaAt(crd, path)?.['default'];
    if (value !== undefined && defaultValue !== undefined && jsonEquals(value, defaultValue)) return [];
    return [{ path, ...(value === undefined ? {} : { from: value }) }];
  });
}

/**
 * Returns the value at a Kubernetes field path such as `spec.list[0].x`. A key in such a path can itself contain dots
 * and brackets.
 */
function valueAtField(value: JsonValue | undefined, path: string): JsonValue | undefined {
  if (path === '') return value;
  if (Array.isArray(value)) {
    const [start, index] = /^\[(\d+)\]\.?/.exec(path) ?? [];
    return start === undefined ? undefined : valueAtField(value[Number(index)], path.slice(start.length));
  }
  if (!isJsonObject(value)) return undefined;
  for (const [key, member] of Object.entries(value)) {
    const rest = path.startsWith(key) ? path.slice(key.length) : undefined;
    if (rest === undefined || !/^(?:$|[.[])/.test(rest)) continue;
    const found = valueAtField(member, rest.replace(/^\./, ''));
    if (found !== undefined) return found;
  }
  return undefined;
}
