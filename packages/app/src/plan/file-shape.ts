import { type JsonValue, isJsonObject } from '@typekro/kit/core';

/** Returns true when a value of a file has the form that the reader requires. */
export type Shape = (value: JsonValue | undefined) => boolean;

export const text: Shape = (value) => typeof value === 'string';
export const number: Shape = (value) => typeof value === 'number' || typeof value === 'bigint';
export const boolean: Shape = (value) => typeof value === 'boolean';

/** Accepts an absent value, or a value of the shape. */
export const optional =
  (shape: Shape): Shape =>
  (value) =>
    value === undefined || shape(value);

/** Accepts the given strings. */
export const oneOfTexts =
  (...texts: readonly string[]): Shape =>
  (value) =>
    typeof value === 'string' && texts.includes(value);

/** Accepts lists whose items all have the shape. */
export const listWith =
  (shape: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.every((item) => shape(item));

/** Accepts objects whose members have these shapes. Other members are not checked. */
export const record =
  (members: Readonly<Record<string, Shape>>): Shape =>
  (value) =>
    isJsonObject(value) &&
    Object.entries(members).every(([key, shape]) => shape(Object.hasOwn(value, key) ? value[key] : undefined));

/** Accepts objects whose members all have the shape. */
export const mapWith =
  (shape: Shape): Shape =>
  (value) =>
    isJsonObject(value) && Object.values(value).every((member) => shape(member));

const ownerReference = record({ apiVersion: text, kind: text, name: text, uid: text });

/** Accepts a Kubernetes object. Checks only the members that code reads in objects of every kind. */
export const kubeObject = record({
  apiVersion: text,
  kind: text,
  metadata: record({
    name: optional(text),
    namespace: optional(text),
    uid: optional(text),
    resourceVersion: optional(text),
    labels: optional(mapWith(text)),
    annotations: optional(mapWith(text)),
    finalizers: optional(listWith(text)),
    ownerReferences: optional(listWith(ownerReference)),
    managedFields: optional(listWith(record({}))),
  }),
  spec: optional(record({})),
  status: optional(record({})),
});

/** Accepts a reference to an object. */
export const objectRef = record({ apiVersion: text, kind: text, name: text, namespace: optional(text) });

/**
 * The maximum depth of a value. Deeper values would overflow the stack of recursive functions. Real objects are much
 * less deep.
 */
const MAX_FILE_DEPTH = 500;

/** Does a value have more than `MAX_FILE_DEPTH` lists and objects inside each other? Runs without recursion. */
export function isTooDeepValue(value: JsonValue): boolean {
  let level: JsonValue[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth >= MAX_FILE_DEPTH) return true;
    level = level.flatMap((each) => {
      const members = Array.isArray(each) ? each : isJsonObject(each) ? Object.values(each) : [];
      return members.filter((member): member is JsonValue => typeof member === 'object' && member !== null);
    });
  }
  return false;
}
