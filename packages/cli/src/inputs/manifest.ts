import { type JsonObject, type JsonValue, isJsonObject, parseApiVersion } from '@typekro/kit/core';
import { type InputObject } from '@typekro/app/plan';
import type { KroCompatibility, PathStep } from '@typekro/engine/graph';
import { GraphObject, isDefinition, KroLevel, NameText } from '@typekro/engine/graph';
import { builtinSource, valueAtSteps } from '@typekro/engine/schema';

/**
 * An object in the form that the user wrote: an object of the files, or a template in a definition or a Graph, with its
 * expressions.
 */
export interface WrittenObject {
  readonly input: InputObject;
  /**
   * The list of resources or nodes that contains the object. Expressions of two lists are not comparable, because a
   * subgraph can use the same id as the outer graph.
   */
  readonly frame: object;
  /** The path from the file's object to this object. Empty for the file's object itself. */
  readonly base: readonly PathStep[];
  readonly object: JsonObject;
  readonly group: string;
  readonly kind: string;
  readonly builtin: boolean;
  /** True for an object of another client, which the definition or the Graph only reads or patches. */
  readonly external: boolean;
  /** The level of kro by whose rules the expressions of the object are found. */
  readonly level: KroCompatibility;
  /** Returns `metadata.name` of the object of the node with this id. */
  readonly nameOf: (id: string) => JsonValue | undefined;
}

/** The members of a resource or node that refer to an object of another client. */
const EXTERNAL = ['externalRef', 'ref', 'patch'] as const;

/**
 * Returns the objects of the files. Replaces a definition or a Graph with the objects that it creates, reads or
 * patches.
 *
 * @param level the level of kro by whose rules the expressions of definitions are found. Graphs follow kro 0.10.
 */
export function manifestsOf(
  inputs: readonly InputObject[],
  level: KroCompatibility = KroLevel.DEFAULT,
): WrittenObject[] {
  return inputs.flatMap((input) => {
    if (isDefinition(input.object)) return manifestsOfList(input, ['spec', 'resources'], level);
    if (GraphObject.is(input.object)) return manifestsOfList(input, ['spec', 'nodes'], '0.10');
    const value = input.object;
    return manifest({ input, base: [], frame: input, external: false, level, nameOf: () => undefined }, value);
  });
}

/** Returns the objects of a list of resources or nodes, followed by those of its subgraphs. */
function manifestsOfList(input: InputObject, list: readonly PathStep[], level: KroCompatibility): WrittenObject[] {
  const found: WrittenObject[] = [];
  // The search is a loop instead of a recursion, because the depth of subgraphs is not limited.
  const open = [list];
  for (const path of open) {
    const entries = valueAtSteps(input.object, path);
    if (!Array.isArray(entries)) continue;
    const nameOf = (id: string): JsonValue | undefined => {
      const entry = entries.find((each) => isJsonObject(each) && each['id'] === id) ?? null;
      const names = ['template', ...EXTERNAL].map((part) => valueAtSteps(entry, [part, 'metadata', 'name']));
      return names.find((name) => name !== undefined);
    };
    for (const [index, entry] of entries.entries()) {
      for (const part of ['template', ...EXTERNAL]) {
        const object = valueAtSteps(entry, [part]);
        if (!isJsonObject(object)) continue;
        const external = part !== 'template';
        const place = { input, base: [...path, index, part], frame: entries, external, level, nameOf };
        for (const each of manifest(place, object)) found.push(each);
      }
      open.push([...path, index, 'graph', 'nodes']);
    }
  }
  return found;
}

function manifest(
  place: Pick<WrittenObject, 'input' | 'base' | 'frame' | 'external' | 'level' | 'nameOf'>,
  object: JsonObject,
): WrittenObject[] {
  const { apiVersion, kind } = object;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return [];
  const type = { ...parseApiVersion(apiVersion), kind };
  const builtin = builtinSource().schemaOf(type) !== undefined;
  return [{ ...place, object, group: type.group, kind, builtin }];
}

/** Returns the value at a path of an object, or `undefined` when the path does not exist. */
export function at(object: WrittenObject['object'], ...path: readonly PathStep[]): JsonValue | undefined {
  return valueAtSteps(object, path);
}

/**
 * Can an expression compute the value at a path? True when a value on the path contains an expression, or when a key of
 * the object at the path does.
 */
export function isComputedAt({ object, base }: WrittenObject, ...path: readonly PathStep[]): boolean {
  // Only templates contain expressions.
  if (base.length === 0) return false;
  const hasExpression = (text: unknown): boolean => typeof text === 'string' && text.includes('${');
  for (let length = 1; length <= path.length; length += 1) {
    const value = valueAtSteps(object, path.slice(0, length));
    if (hasExpression(value)) return true;
    if (length === path.length && isJsonObject(value)) return Object.keys(value).some(hasExpression);
  }
  return false;
}

/**
 * Returns the entries of a list that are objects, with their paths. The result is empty when the value at the path is
 * not a list.
 */
export function entriesAt(
  object: JsonObject,
  ...path: readonly PathStep[]
): readonly { readonly entry: JsonObject; readonly path: readonly PathStep[] }[] {
  const list = valueAtSteps(object, path);
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry, index) => (isJsonObject(entry) ? [{ entry, path: [...path, index] }] : []));
}

/**
 * Compares values of two objects. The result is `open` if it cannot be decided, for example for expressions of
 * different frames.
 */
export function compareFieldValues(
  a: WrittenObject,
  one: JsonValue | undefined,
  b: WrittenObject,
  other: JsonValue | undefined,
): ReturnType<typeof NameText.compare> {
  return compareTexts(a, textIn(a, one), b, textIn(b, other));
}

/** Like `compareFieldValues`, for values that `textIn` has already parsed. */
export function compareTexts(
  a: WrittenObject,
  left: NameText | undefined,
  b: WrittenObject,
  right: NameText | undefined,
): ReturnType<typeof NameText.compare> {
  if (left === undefined || right === undefined) return 'open';
  const constants = [left, right].filter(NameText.isConstant).length;
  if (a.frame !== b.frame && constants === 0) return 'open';
  if (a.input !== b.input && constants < 2) return 'open';
  return NameText.compare(left, right);
}

/**
 * Can two objects be in the same namespace? False only when both set a namespace and the two namespaces always differ.
 */
export function mayShareNamespace(a: WrittenObject, b: WrittenObject): boolean {
  const [one = '', other = ''] = [a, b].map(({ object }) => at(object, 'metadata', 'namespace'));
  // An object without a namespace gets one when it is applied, so it can be in any namespace.
  return one === '' || other === '' || compareFieldValues(a, one, b, other) !== 'different';
}

/** Parses a value. An expression that reads the name of a resource of the same frame is replaced by this name. */
export function textIn({ nameOf, level }: WrittenObject, value: JsonValue | undefined): NameText | undefined {
  return NameText.of(value, nameOf, level);
}

const NESTED_POD: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  Deployment: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
  DaemonSet: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  Job: ['spec', 'template'],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
};

/**
 * Returns the path to the pod template of a workload. Returns an empty path for a Pod, and `undefined` for other kinds
 * and for external objects.
 */
export function podPath({ kind, builtin, external }: WrittenObject): readonly string[] | undefined {
  return builtin && !external && Object.hasOwn(NESTED_POD, kind) ? NESTED_POD[kind] : undefined;
}

/** Returns the containers of a pod, including init containers, with their paths in the object. */
export function containerFields(
  object: JsonObject,
  pod: readonly string[],
): readonly { readonly entry: JsonObject; readonly path: readonly PathStep[] }[] {
  return ['containers', 'initContainers'].flatMap((list) => entriesAt(object, ...pod, 'spec', list));
}
