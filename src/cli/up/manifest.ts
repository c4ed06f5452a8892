import type { JsonObject, JsonValue } from '../../core/index.ts';
import { isJsonObject, parseApiVersion } from '../../core/index.ts';
import type { PathStep } from '../../graph/index.ts';
import { isDefinition } from '../../graph/index.ts';
import { builtinSource, valueAtSteps } from '../../schema/index.ts';
import type { InputObject } from './load-inputs.ts';
import type { NameText, Relation } from '../../graph/index.ts';
import { isConstantName, nameText, compareNameTexts } from '../../graph/index.ts';

/** An object as the user wrote it: an object of the files, or a template of a definition with its expressions. */
export interface WrittenObject {
  readonly input: InputObject;
  /** The path from the file's object to this one; empty for the object itself. */
  readonly base: readonly PathStep[];
  readonly object: JsonObject;
  readonly group: string;
  readonly kind: string;
  readonly builtin: boolean;
  /** Is it an external object, which the definition only reads? */
  readonly external: boolean;
  /** Resolves names of nodes. Texts with expressions are comparable only within one definition. */
  readonly nameOf: (id: string) => JsonValue | undefined;
}

/** All objects of the files, and the objects that their definitions create or read. */
export function manifestsOf(inputs: readonly InputObject[]): WrittenObject[] {
  return inputs.flatMap((input) => {
    const value = input.object as unknown as JsonObject;
    if (!isDefinition(input.object)) return manifest(input, [], value, false, () => undefined);
    const resources = valueAtSteps(value, ['spec', 'resources']);
    if (!Array.isArray(resources)) return [];
    const nameOf = (id: string): JsonValue | undefined => {
      const found = resources.find((each) => isJsonObject(each) && each['id'] === id) ?? null;
      return (
        valueAtSteps(found, ['template', 'metadata', 'name']) ??
        valueAtSteps(found, ['externalRef', 'metadata', 'name'])
      );
    };
    return resources.flatMap((entry, index) =>
      ['template', 'externalRef'].flatMap((part) => {
        const object = valueAtSteps(entry, [part]);
        const base = ['spec', 'resources', index, part];
        return isJsonObject(object) ? manifest(input, base, object, part === 'externalRef', nameOf) : [];
      }),
    );
  });
}

function manifest(
  input: InputObject,
  base: readonly PathStep[],
  object: JsonObject,
  external: boolean,
  nameOf: WrittenObject['nameOf'],
): WrittenObject[] {
  const { apiVersion, kind } = object;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return [];
  const type = { ...parseApiVersion(apiVersion), kind };
  const builtin = builtinSource().schemaOf(type) !== undefined;
  return [{ input, base, object, group: type.group, kind, builtin, external, nameOf }];
}

/** The value at a path of an object; `undefined` when the path does not exist. */
export function at(object: WrittenObject['object'], ...path: readonly PathStep[]): JsonValue | undefined {
  return valueAtSteps(object, path);
}

/**
 * May an expression give the value at a path? True when a value on the path is an expression, or when a key of the last
 * object is one.
 */
export function isComputedAt({ object, base }: WrittenObject, ...path: readonly PathStep[]): boolean {
  // The texts of an object of the files are plain.
  if (base.length === 0) return false;
  const hasExpression = (text: unknown): boolean => typeof text === 'string' && text.includes('${');
  for (let length = 1; length <= path.length; length += 1) {
    const value = valueAtSteps(object, path.slice(0, length));
    if (hasExpression(value)) return true;
    if (length === path.length && isJsonObject(value)) return Object.keys(value).some(hasExpression);
  }
  return false;
}

/** The entries of a list that are objects, each with its path. Empty when the path leads to no list. */
export function entriesAt(
  object: JsonObject,
  ...path: readonly PathStep[]
): readonly { readonly entry: JsonObject; readonly path: readonly PathStep[] }[] {
  const list = valueAtSteps(object, path);
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry, index) => (isJsonObject(entry) ? [{ entry, path: [...path, index] }] : []));
}

/** Compares values of two objects. Expressions of two definitions are not comparable: their relation is `open`. */
export function compareFieldValues(
  a: WrittenObject,
  one: JsonValue | undefined,
  b: WrittenObject,
  other: JsonValue | undefined,
): Relation {
  return compareTexts(a, textIn(a, one), b, textIn(b, other));
}

/** Like `compareFieldValues`, for texts that are read already. */
export function compareTexts(
  a: WrittenObject,
  left: NameText | undefined,
  b: WrittenObject,
  right: NameText | undefined,
): Relation {
  if (left === undefined || right === undefined) return 'open';
  if (a.input !== b.input && !(isConstantName(left) && isConstantName(right))) return 'open';
  return compareNameTexts(left, right);
}

/** The text of a value, with the names of the definition's resources filled in. */
export function textIn({ nameOf }: WrittenObject, value: JsonValue | undefined): NameText | undefined {
  return nameText(value, nameOf);
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

/** The path to the pod template of a workload. Empty for a Pod itself. `undefined` for other kinds. */
export function podPath({ kind, builtin, external }: WrittenObject): readonly string[] | undefined {
  return builtin && !external && Object.hasOwn(NESTED_POD, kind) ? NESTED_POD[kind] : undefined;
}

/** The containers of a pod with their paths in the object, including init containers. */
export function containerFields(
  object: JsonObject,
  pod: readonly string[],
): readonly { readonly entry: JsonObject; readonly path: readonly PathStep[] }[] {
  return ['containers', 'initContainers'].flatMap((list) => entriesAt(object, ...pod, 'spec', list));
}
