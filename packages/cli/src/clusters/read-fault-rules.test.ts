import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Cluster, type FaultRequest, createEmbeddedCluster } from '@typekro/cluster';
import type { JsonValue } from '@typekro/kit/core';
import { Path } from '@typekro/engine/graph';
import { MAX_RULES, readFaultRules } from './read-fault-rules.ts';
import { type ShownRule, HeldFaults } from './held-faults.ts';

function read(value: JsonValue) {
  const mistakes: string[] = [];
  const rules = readFaultRules(value, (path, message, hint) => {
    mistakes.push([Path.format(path), message, ...(hint === undefined ? [] : [hint])].join(' | '));
  });
  return { rules, mistakes };
}

const CONFLICT = { fault: { kind: 'conflict' } };

describe('fault rules in JSON', () => {
  test('a single rule is a list of one rule, which hits once by default', () => {
    const { rules, mistakes } = read(CONFLICT);
    expect(mistakes).toEqual([]);
    expect(rules).toEqual([{ source: CONFLICT, match: {}, fault: { kind: 'conflict' }, options: { times: 1 } }]);
  });

  test('a list keeps its order, its names and its options', () => {
    const { rules, mistakes } = read({
      schemaVersion: 1,
      rules: [
        { name: 'slow', match: { verb: ['list', 'watch'] }, fault: { kind: 'latency', milliseconds: 5 }, times: 'all' },
        { fault: { kind: 'error', status: 429, reason: 'TooManyRequests', retryAfterSeconds: 1 }, after: 2, seed: 7 },
      ],
    });
    expect(mistakes).toEqual([]);
    expect(rules.map(({ name, match, options }) => ({ name, match, options }))).toEqual([
      { name: 'slow', match: { verb: ['list', 'watch'] }, options: { times: Number.POSITIVE_INFINITY } },
      { name: undefined, match: {}, options: { times: 1, after: 2, seed: 7 } },
    ]);
  });

  test.each([
    ['^/api/v1/pods', '/api/v1/pods?limit=5', true],
    ['limit=5$', '/api/v1/pods?limit=5', true],
    ['limit=6', '/api/v1/pods?limit=5', false],
    ['(a+)+$', `/${'a'.repeat(5000)}!`, false],
  ])('the path %s is compiled as an RE2 pattern', (path, request, isMatched) => {
    const [rule] = read({ match: { path }, fault: { kind: 'disconnect' } }).rules;
    expect(rule?.match.where?.({ path: request } as FaultRequest)).toBe(isMatched);
    expect(rule?.match.path).toBeUndefined();
  });

  test.each<[string, JsonValue, readonly string[]]>([
    [
      'a string instead of an object',
      'conflict',
      [
        ' | the document must be an object, but is a string | its members can be name, match, fault, times, after, probability, seed',
      ],
    ],
    [
      'a verb that no request has',
      { match: { verb: 'gett' }, ...CONFLICT },
      ['match.verb | no request has the verb "gett" | did you mean get?'],
    ],
    [
      'a fault that cannot hit the verb, in a list',
      { rules: [CONFLICT, { match: { verb: ['create'] }, fault: { kind: 'stale' } }] },
      [
        'rules[1].match.verb | the fault stale hits only resource requests with the verbs get, list | write one of get, list, or leave out "verb"',
      ],
    ],
    ['no fault', { match: {} }, [' | "fault" is missing | add fault: …']],
    ['a fault without a kind', { fault: {} }, ['fault | "kind" is missing | add kind: …']],
    [
      'a kind with a typing mistake',
      { fault: { kind: 'conflct' } },
      ['fault.kind | "kind" cannot be "conflct" | did you mean conflict?'],
    ],
    [
      'a kind that is a number',
      { fault: { kind: 5 } },
      [
        'fault.kind | "kind" cannot be a number | write one of latency, error, conflict, disconnect, lost-answer, timeout, no-answer, stale, watch-drop, watch-stall, watch-delay',
      ],
    ],
    [
      'the name of an inherited property as the kind',
      { fault: { kind: 'toString' } },
      [
        'fault.kind | "kind" cannot be "toString" | write one of latency, error, conflict, disconnect, lost-answer, timeout, no-answer, stale, watch-drop, watch-stall, watch-delay',
      ],
    ],
    [
      'a fault without a required member',
      { fault: { kind: 'latency' } },
      ['fault | "milliseconds" is missing | add milliseconds: …'],
    ],
    [
      'a delay beyond an hour',
      { fault: { kind: 'watch-delay', milliseconds: 3_600_001 } },
      ['fault.milliseconds | "milliseconds" must be a whole number from 0 to 3600000, but is 3600001 | write 0'],
    ],
    [
      'a status of success',
      { fault: { kind: 'error', status: 200, reason: 'x' } },
      ['fault.status | "status" must be a whole number from 400 to 599, but is 200 | write 400'],
    ],
    [
      'a member of another fault',
      { fault: { kind: 'conflict', milliseconds: 1 } },
      ['fault.milliseconds | there is no field "milliseconds" here | write one of kind'],
    ],
    [
      'the condition "where"',
      { match: { where: 'x' }, ...CONFLICT },
      [
        'match.where | there is no field "where" here | write one of verb, group, kind, resource, subresource, namespace, name, user, method, path',
      ],
    ],
    [
      'a broken expression',
      { match: { path: '(' }, ...CONFLICT },
      ['match.path | error parsing regexp: missing closing ): `(` | write an expression of RE2, such as "limit=500"'],
    ],
    [
      'zero times',
      { ...CONFLICT, times: 0 },
      ['times | "times" must be a whole number from 1 to 1000000000, or "all", but is 0 | write 3'],
    ],
    [
      'a probability of zero',
      { ...CONFLICT, probability: 0 },
      ['probability | "probability" must be a number above 0 and up to 1, but is 0 | write 0.1'],
    ],
    [
      'a name with a slash',
      { ...CONFLICT, name: 'a/b' },
      [
        'name | "name" must be a name of at most 63 letters, digits, dots, dashes and underscores that begins with a letter or digit, but is a string | write slow-lists',
      ],
    ],
    [
      'an unknown version',
      { schemaVersion: 2, rules: [CONFLICT] },
      ['schemaVersion | "schemaVersion" must be 1, but is 2 | write 1'],
    ],
    [
      'rules that are not a list',
      { rules: {} },
      ['rules | "rules" must be a list, but is an object | write [{fault: {kind: conflict}}]'],
    ],
    ['an empty list', { rules: [] }, ['rules | the list has no rule | add a rule, or use clear']],
    [
      'a string of more than 1000 UTF-16 units',
      { match: { name: '😀'.repeat(501) }, ...CONFLICT },
      ['match.name | "name" must be a string of at most 1000 UTF-16 units, but is a string | write "configmaps"'],
    ],
    [
      'mistakes of several rules',
      { rules: [{}, { fault: { kind: 'conflict' }, times: 'ever' }] },
      [
        'rules[0] | "fault" is missing | add fault: …',
        'rules[1].times | "times" must be a whole number from 1 to 1000000000, or "all", but is a string | write 3',
      ],
    ],
    [
      'too many rules',
      { rules: Array.from({ length: MAX_RULES + 1 }, () => CONFLICT) },
      ['rules | there are 1001 rules, and at most 1000 are allowed'],
    ],
  ])('%s is refused, and no rule is returned', (_what, value, expected) => {
    const { rules, mistakes } = read(value);
    expect(mistakes).toEqual(expected);
    expect(rules).toEqual([]);
  });
});

describe('held faults', () => {
  let cluster: Cluster;
  let held: HeldFaults;
  beforeEach(async () => {
    cluster = await createEmbeddedCluster({ controllers: false });
    held = new HeldFaults(cluster.faults);
  });
  afterEach(() => cluster.close());

  const ERROR = { kind: 'error', status: 500, reason: 'InternalError' };
  const add = (value: JsonValue): readonly ShownRule[] =>
    held.add(
      readFaultRules(value, (_path, message) => {
        throw new Error(message);
      }),
    );
  const status = async (): Promise<number> =>
    (await cluster.transport().request({ method: 'GET', path: '/api/v1/namespaces', headers: {} })).status;

  test('a rule is listed with its hits, even when it is used up', async () => {
    add({ name: 'twice', fault: ERROR, times: 2 });
    expect([await status(), held.list()[0]?.active, await status(), await status()]).toEqual([500, true, 500, 200]);
    expect(held.list()).toEqual([
      { name: 'twice', rule: { name: 'twice', fault: ERROR, times: 2 }, hits: 2, active: false },
    ]);
  });

  test('rules without a name get free names', () => {
    add({ rules: [{ name: 'rule-2', fault: ERROR }] });
    expect(add({ rules: [{ fault: ERROR }, { fault: ERROR }] }).map(({ name }) => name)).toEqual(['rule-1', 'rule-3']);
  });

  test('a removed rule has no effect any more, and the other rules stay', async () => {
    add({
      rules: [
        { name: 'a', fault: ERROR, times: 'all' },
        { name: 'b', fault: { ...ERROR, status: 503 }, times: 'all' },
      ],
    });
    expect(held.remove('a').name).toBe('a');
    expect(await status()).toBe(503);
    held.clear();
    expect([await status(), held.list()]).toEqual([200, []]);
  });

  test('a list with a taken name adds no rule', async () => {
    add({ name: 'a', fault: ERROR });
    const again = {
      rules: [
        { name: 'b', fault: ERROR },
        { name: 'a', fault: ERROR },
      ],
    };
    expect(() => add(again)).toThrow('there is already a rule "a"');
    expect(() =>
      add({
        rules: [
          { name: 'c', fault: ERROR },
          { name: 'c', fault: ERROR },
        ],
      }),
    ).toThrow('two of the new rules are named "c"');
    expect(held.list().map(({ name }) => name)).toEqual(['a']);
    expect(() => held.remove('A')).toThrow('there is no rule "A"');
  });
});
