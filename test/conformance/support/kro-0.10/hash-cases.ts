import { type JsonObject, type JsonValue, parseJson, stringifyJson } from '@typekro/kit/core';
import { graphHash } from '../../../../packages/engine/src/graph/graph-object/graph-hash.ts';
import { type CaseOutcome, type KroCase, notRun, outcomeOf } from './cases.ts';
import { same } from './compile-cases.ts';

const NODE: JsonObject = { id: 'n', def: { a: 1, b: 2 } };
const OTHER: JsonObject = { id: 'm', def: { c: 3 } };
const spec = (...nodes: readonly JsonValue[]): JsonObject => ({ nodes: [...nodes] });
const number = (text: string): JsonObject => spec({ id: 'n', def: { a: parseJson(text) } });
const dimensions = (...names: readonly string[]): JsonObject =>
  spec({ ...NODE, forEach: names.map((name) => ({ [name]: '${x}' })) });

/** For each difference that a case describes in words: a pattern for the words, and two specs with this difference. */
const PAIRS: readonly (readonly [RegExp, JsonObject, JsonObject])[] = [
  [/^identical/, spec(NODE), spec({ ...NODE })],
  [/node order|order of nodes/, spec(NODE, OTHER), spec(OTHER, NODE)],
  [/key order|order of keys/, spec(NODE), spec({ def: { b: 2, a: 1 }, id: 'n' })],
  [/nodes nil vs empty/, {}, { nodes: [] }],
  [/(forEach|includeWhen|readyWhen) nil vs empty/, spec(NODE), spec({ ...NODE, forEach: [], includeWhen: [], readyWhen: [] })],
  [/object vs as raw/, spec(NODE), spec(parseJson(stringifyJson(NODE)))],
  [/node id/, spec(NODE), spec({ ...NODE, id: 'x' })],
  [/payload (value )?differs|value differs|different payload/, spec(NODE), spec({ ...NODE, def: { a: 1, b: 3 } })],
  [/integers? /, number('9007199254740992'), number('9007199254740993')],
  [/template vs def/, spec(NODE), spec({ id: 'n', template: NODE['def'] ?? null })],
  [/forEach dimensions/, dimensions('a', 'b'), dimensions('b', 'a')],
  [/includeWhen/, spec({ ...NODE, includeWhen: ['${a}'] }), spec(NODE)],
  [/readyWhen/, spec({ ...NODE, readyWhen: ['${a}'] }), spec(NODE)],
];

/** Takes two specs that differ as the case says, and compares their hashes. */
export function runHashCase({ input, expect }: KroCase): CaseOutcome {
  const difference = String(input['difference']);
  const pair = PAIRS.find(([pattern]) => pattern.test(difference));
  if (pair === undefined) return notRun(`no specs for "${difference}"`);
  const [, before, after] = pair;
  return outcomeOf(same('same hash', graphHash(before) === graphHash(after), expect['sameHash'] ?? true));
}
