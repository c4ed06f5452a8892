/** Helpers for the table cells of several kinds. */
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { age, numberAt } from '@typekro/kit/kubernetes';

export const NONE = '<none>';

export const name = (object: KubeObject) => object.metadata.name ?? '';
export const ageCell = (object: KubeObject, now: number) => age(object.metadata.creationTimestamp, now);
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
