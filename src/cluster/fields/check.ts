import type { JsonValue } from '../../core/index.ts';
import { isJsonObject } from '../../core/index.ts';
import type { ListNode, ScalarNode, TypeNode } from '../types/node.ts';
import { deduce, memberNode } from '../types/node.ts';
import { formatPath } from './tree.ts';
import { elementStep, TypedError } from './walk.ts';

/**
 * Checks that a configuration has the structure of its type, and throws on the first thing that has not:
 * members that the schema does not declare, other kinds of values, list elements with the same key.
 *
 * @throws TypedError whose message begins with the path.
 */
export function checkTyped(node: TypeNode, value: JsonValue, path: readonly string[] = []): void {
  if (value === null) return;
  const known = deduce(node, value);
  switch (known.kind) {
    case 'scalar':
      return checkScalar(known, value, path);
    case 'list':
      return checkList(known, value, path);
    case 'object':
    case 'map': {
      if (!isJsonObject(value)) throw fail(path, `expected map, got ${goValue(value)}`);
      for (const [key, entry] of Object.entries(value)) {
        const inner = [...path, `f:${key}`];
        const member = memberNode(known, key);
        if (member === undefined) throw fail(inner, 'field not declared in schema');
        checkTyped(member, entry ?? null, inner);
      }
    }
  }
}

function checkList(node: ListNode, value: JsonValue, path: readonly string[]) {
  if (!Array.isArray(value)) throw fail(path, `expected list, got ${goValue(value)}`);
  const seen = new Set<string>();
  for (const [index, element] of value.entries()) {
    if (node.list === 'atomic') {
      checkTyped(node.items, element, [...path, `i:${index}`]);
      continue;
    }
    if (element === null) throw fail(path, `element ${index}: associative list may not have null elements`);
    const step = elementStep(node, element, index);
    if (seen.has(step)) throw fail(path, `duplicate entries for key ${formatPath([step])}`);
    seen.add(step);
    checkTyped(node.items, element, [...path, step]);
  }
}

function checkScalar(node: ScalarNode, value: JsonValue, path: readonly string[]) {
  switch (node.type) {
    case 'unknown':
    case 'IntOrString':
    case 'Quantity':
      return;
    case 'string':
    case 'bytes':
    case 'Time':
    case 'MicroTime':
      if (typeof value !== 'string') throw fail(path, `expected string, got ${goValue(value)}`);
      return;
    case 'bool':
      if (typeof value !== 'boolean') throw fail(path, `expected boolean, got ${goValue(value)}`);
      return;
    case 'int32':
    case 'int64':
    case 'float64':
      if (typeof value !== 'number' && typeof value !== 'bigint') {
        throw fail(
          path,
          `expected numeric (int or float), got ${typeof value === 'string' ? 'string' : goValue(value)}`,
        );
      }
  }
}

const fail = (path: readonly string[], problem: string) =>
  new TypedError(`${path.length === 0 ? '' : `${formatPath(path)}: `}${problem}`);

/** How Go prints a value of the unstructured kind. */
function goValue(value: JsonValue): string {
  if (typeof value === 'object' && value !== null) return `&{${goText(value)}}`;
  return `&value.valueUnstructured{Value:${typeof value === 'string' ? JSON.stringify(value) : goText(value)}}`;
}

/** Go's `%v` of a JSON value. */
export function goText(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (isJsonObject(value)) {
    return `map[${Object.keys(value)
      .sort()
      .map((key) => `${key}:${goText(value[key])}`)
      .join(' ')}]`;
  }
  return String(value);
}
