import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type JsonValue, jsonEquals, parseJson } from '@typekro/kit/core';
import { SimpleSchema } from '@typekro/engine/schema';

interface Case {
  readonly name: string;
  readonly group: string;
  readonly spec: JsonValue;
  readonly types: JsonValue;
  readonly expect: {
    readonly accept?: boolean;
    readonly openapi?: JsonValue;
    readonly unserializable?: string;
    readonly anyOf?: readonly string[];
    readonly crashes?: boolean;
  };
}

const file = new URL('graph/simpleschema.jsonl', import.meta.url);
const cases = readFileSync(file, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => parseJson(line) as unknown as Case);




test('the corpus is complete', () => {
  expect(cases).toHaveLength(389);
});

describe.each(cases)('$name', ({ spec, types, expect: expected }) => {
  const result = SimpleSchema.parse(spec, types);

  test(`${JSON.stringify(spec, bigIntText)} has the recorded result`, () => {
    if (expected.openapi !== undefined) {
      expect(result).toMatchObject({ ok: true });
      if (result.ok) expect(jsonEquals(result.schema as JsonValue, expected.openapi), JSON.stringify(result.schema, bigIntText)).toBe(true);
      return;
    }
    expect(result.ok).toBe(false);
    if (result.ok) return;
    if (expected.unserializable !== undefined) expect(result.errors.every((error) => error.unwritable === true)).toBe(true);
    else if (expected.crashes !== true) {
      expect(expected.anyOf).toContain(result.errors[0]?.message);
      // kro may report any of its messages first. Therefore this compiler must report all of them, except in a case
      // with a cycle.
      const messages = result.errors.map((error) => error.message);
      const cyclic = messages.some((message) => message.includes('cycle'));
      if (!cyclic) expect(messages.slice().sort()).toEqual(expect.arrayContaining([...(expected.anyOf ?? [])]));
    }
  });
});

function bigIntText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}
