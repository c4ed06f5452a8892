import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { simple } from '../../../packages/sdk/src/factories/simple/index.ts';
import { spread } from '@typekro/kit/test-support/budget';
import { type Subject, differences, FORMS } from './forms.ts';
import { REQUIRED, SAMPLES } from './samples.ts';

/** A program can pass an argument in several forms. Each form must produce the same object as the plain value. */

type Case = readonly [factory: keyof typeof SAMPLES, key: string, form: string, subject: Subject];

const ALL: readonly Case[] = (Object.keys(SAMPLES) as (keyof typeof SAMPLES)[]).flatMap((factory) => {
  const samples = SAMPLES[factory] as unknown as Readonly<Record<string, readonly [JsonValue, JsonValue]>>;
  const required = REQUIRED[factory];
  const base: JsonObject = Object.fromEntries(required.map((key) => [key, samples[key]?.[0] as JsonValue]));
  return Object.entries(samples).flatMap(([key, [a, b]]) => {
    const { [key]: _, ...rest } = base;
    const subject: Subject = { make: simple[factory], base: rest, key, a, b };
    return Object.entries(FORMS)
      .filter(([, form]) => !form.optional || !required.includes(key))
      .map(([form]): Case => [factory, key, form, subject]);
  });
});

describe('a graph creates the same object as the factory with the plain value', () => {
  test.each(spread(ALL, 'factoryArguments'))('%s, %s: %s', (_factory, _key, form, subject) => {
    const found = differences(subject, FORMS[form] as (typeof FORMS)[string]);
    expect(found, JSON.stringify(found, undefined, 1)).toEqual([]);
  });
});
