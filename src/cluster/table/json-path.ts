import type { JsonObject, JsonValue } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';

/** A step of a simple JSON path. */
type Step =
  | { readonly member: string }
  | { readonly index: number }
  | { readonly wildcard: true }
  | { readonly path: readonly Step[]; readonly value: JsonValue };

/**
 * Parses the JSON path of a printer column: members, indices, `[*]` and filters such as `[?(@.type=="Ready")]`. Returns
 * `undefined` for any other text.
 */
export function parseJsonPath(text: string): readonly Step[] | undefined {
  const steps: Step[] = [];
  let rest = text;
  while (rest !== '') {
    const member = /^\.((?:\\.|[^.[\]\\])+)/.exec(rest);
    const index = /^\[(-?\d+)\]/.exec(rest);
    const quoted = /^\[(?:'([^']*)'|"([^"]*)")\]/.exec(rest);
    const filter = /^\[\?\(\s*@((?:\.[^=!<>\s[\]]+|\[[^\]]*\])+)\s*==\s*("[^"]*"|'[^']*'|[^)\s]+)\s*\)\]/.exec(rest);
    const found = member ?? index ?? quoted ?? filter ?? /^\[\*\]|^\.\*/.exec(rest);
    if (found === null) return undefined;
    rest = rest.slice(found[0].length);
    if (member !== null) steps.push({ member: (member[1] ?? '').replaceAll(/\\(.)/g, '$1') });
    else if (index !== null) steps.push({ index: Number(index[1]) });
    else if (quoted !== null) steps.push({ member: quoted[1] ?? quoted[2] ?? '' });
    else if (filter !== null) {
      const path = parseJsonPath(filter[1] ?? '');
      if (path === undefined) return undefined;
      steps.push({ path, value: literal(filter[2] ?? '') });
    } else steps.push({ wildcard: true });
  }
  return steps;
}

function literal(text: string): JsonValue {
  if (text.startsWith('"') || text.startsWith("'")) return text.slice(1, -1);
  if (text === 'true' || text === 'false') return text === 'true';
  return Number.isNaN(Number(text)) ? text : Number(text);
}

/** The values at a path. */
export function valuesAt(root: JsonObject, steps: readonly Step[]): JsonValue[] {
  let values: JsonValue[] = [root];
  for (const step of steps) values = values.flatMap((value) => follow(value, step));
  return values;
}

function follow(value: JsonValue, step: Step): JsonValue[] {
  if ('member' in step) {
    const found = isJsonObject(value) && Object.hasOwn(value, step.member) ? value[step.member] : undefined;
    return found === undefined ? [] : [found];
  }
  const list = Array.isArray(value)
    ? value
    : isJsonObject(value)
      ? Object.values(value).filter((entry) => entry !== undefined)
      : [];
  if ('index' in step) {
    const found = Array.isArray(value) ? value.at(step.index) : undefined;
    return found === undefined ? [] : [found];
  }
  if ('wildcard' in step) return list;
  return list.filter(
    (entry) => isJsonObject(entry) && valuesAt(entry, step.path).some((found) => found === step.value),
  );
}
