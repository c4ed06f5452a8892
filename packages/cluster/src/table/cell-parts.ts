/** Helpers for the table cells of several kinds. */
import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { numberAt, textAt } from '@typekro/kit/kubernetes';

export const NONE = '<none>';

/**
 * The cells of an object of a built-in kind, in the order of its columns. The columns with the name, the age and the
 * creation time, which are the same for all kinds, have no cell here.
 */
export type CellPrinter = (object: KubeObject, now: number) => readonly JsonValue[];

/** Prints the texts at paths. */
export const texts =
  (...paths: readonly string[]) =>
  (object: KubeObject): string[] =>
    paths.map((path) => textAt(object, ...path.split('.')));

export const orNone = (text: string) => (text === '' ? NONE : text);
export const countCell = (object: KubeObject, part: 'spec' | 'status', key: string) => numberAt(object[part], key) ?? 0;

/** Formats labels as `key=value`, separated by commas. */
export const mapText = (value: JsonObject) =>
  orNone(
    Object.keys(value)
      .sort()
      .map((key) => `${key}=${String(value[key])}`)
      .join(','),
  );
